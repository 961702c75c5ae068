"""The oldest footage jumps forwards: what was recorded before is gone."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import RecorderStatus
from detectors.scene import Scene

DAY_S = 86400.0
ROOM_S = 1.5 * DAY_S
"""Retention deletes day by day; a jump within this on top of the time that passed is its work."""


class FootageGone(Detector[RecorderStatus]):
    """Fires when the oldest footage moved forwards by far more than the time that passed since it was last reported.

    Retention moves it day by day, and a recorder that was emptied by hand names a moment ago.
    """

    name = "camera.footage_gone"
    title = "oldest footage jumps"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("recorder.status",)
    rate = 0.005
    hit = 0.25

    def __init__(self) -> None:
        self.oldest = 0.0
        self.time = 0.0
        self.usual = 0.0

    def score_one(self, event: RecorderStatus, scene: Scene) -> Sign | None:
        if event.oldest_footage is None or not self.oldest or scene.time <= self.time:
            return None
        excess = self._excess(event.oldest_footage.timestamp(), scene.time)
        if excess <= max(ROOM_S, 1.5 * self.usual):
            return None
        had = max(self.time - self.oldest, DAY_S)
        share = min(excess / had, 1.0)
        summary = (
            f"Recorder {event.device} has lost {excess / DAY_S:.0f} of its {had / DAY_S:.0f} days of footage at once."
        )
        return Sign(
            min(0.4 + 0.5 * share, 0.9),
            summary,
            {"days": round(excess / DAY_S, 1), "share": round(share, 3)},
            key="gone",
        )

    def learn_one(self, event: RecorderStatus, scene: Scene) -> None:
        if event.oldest_footage is None or scene.time <= self.time:
            return
        oldest = event.oldest_footage.timestamp()
        if self.oldest:
            excess = min(self._excess(oldest, scene.time), 7 * DAY_S)
            self.usual = max(excess, 0.999 * self.usual) if excess <= max(ROOM_S, 1.5 * self.usual) else self.usual
        self.oldest, self.time = oldest, scene.time

    def _excess(self, oldest: float, at: float) -> float:
        return max(oldest - self.oldest - (at - self.time), 0.0)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(200):
            yield _status(step, 20 + step * 900 // 86400)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _status(0, 1)
        yield _status(1, 1)
        yield _status(2, 28)


def _status(step: int, day: int) -> Row:
    row: Row = {"t": step * 900, "type": "recorder.status", "device": "nvr-1", "disks": 2, "disks_expected": 2}
    return {**row, "recording": True, "oldest_footage": f"2026-02-{day:02d}T00:00:00Z"}
