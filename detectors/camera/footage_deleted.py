"""Footage is deleted by hand: at an hour when the recorder's own retention does not run."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import CameraEvent
from detectors.scene import Scene

KEPT = 30
"""Deletions whose time of day is remembered."""
NEAR_S = 1200.0
"""Retention runs within this time of its hour, s."""


class FootageDeleted(Detector[CameraEvent]):
    """Fires on a deletion (DeleteTrackData) outside the times of day at which this recorder always deletes.

    Retention deletes by the clock, mostly nightly. Until two nights have shown when, a deletion is a weak sign.
    """

    name = "camera.footage_deleted"
    title = "footage deleted"
    domain = "camera"
    sort = "learnt"
    stage = "sight"
    reads = ("camera.event",)
    rate = 0.04
    strong = 0.04
    hit = 0.15

    def __init__(self) -> None:
        self.times: list[float] = []

    def score_one(self, event: CameraEvent, scene: Scene) -> Sign | None:
        if event.topic != "RecordingHistory/DeleteTrackData" or not event.state:
            return None
        local = scene.local(scene.time)
        moment = local.hour * 3600.0 + local.minute * 60.0
        near = sum(min(abs(moment - at), 86400.0 - abs(moment - at)) < NEAR_S for at in self.times)
        if self.times and near >= 0.15 * len(self.times):
            return None
        young = len(self.times) < 3 and scene.age() < 3 * 86400.0
        score = 0.1 if young else 0.6
        summary = f"Footage was deleted on {event.device} at {local:%H:%M}; its retention runs at other hours."
        if not self.times:
            summary = f"Footage was deleted on {event.device} at {local:%H:%M}, for the first time that is known."
        return Sign(score, summary, {"local": f"{local:%a %H:%M}", "before": len(self.times)}, key="deleted")

    def learn_one(self, event: CameraEvent, scene: Scene) -> None:
        if event.topic == "RecordingHistory/DeleteTrackData" and event.state:
            local = scene.local(scene.time)
            self.times = [*self.times[-KEPT + 1 :], local.hour * 3600.0 + local.minute * 60.0]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 9000, "type": "camera.event", "device": "nvr-1", "topic": "VideoSource/SignalLoss", "state": True}
        yield {**_deletion(9000), "state": False}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for day in range(5):
            yield _deletion(day * 86400 + 9000 + 10 * day)
        yield _deletion(5 * 86400 + 4000)


def _deletion(t: int) -> Row:
    row: Row = {"t": t, "type": "camera.event", "device": "nvr-1", "state": True}
    return {**row, "topic": "RecordingHistory/DeleteTrackData"}
