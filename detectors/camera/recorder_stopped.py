"""The recorder no longer records."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import RecorderStatus
from detectors.scene import Scene


class RecorderStopped(Detector[RecorderStatus]):
    """Fires when a recorder that recorded says that it does not."""

    name = "camera.recorder_stopped"
    title = "recording stopped"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("recorder.status",)
    rate = 0.01
    hit = 0.2

    def __init__(self) -> None:
        self.recording = False

    def score_one(self, event: RecorderStatus, scene: Scene) -> Sign | None:
        if event.recording or not self.recording:
            return None
        summary = f"Recorder {event.device} has stopped recording."
        score = 0.45 if scene.open(scene.time) else 0.7
        return Sign(score, summary, {"disks": event.disks, "expected": event.disks_expected}, key="stopped")

    def learn_one(self, event: RecorderStatus, scene: Scene) -> None:
        self.recording = event.recording

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield _status(0, False)
        yield _status(1, False)
        yield _status(2, True)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _status(0, True)
        yield _status(1, False)


def _status(step: int, recording: bool) -> Row:
    row: Row = {"t": step * 900, "type": "recorder.status", "device": "nvr-1", "disks": 2}
    return {**row, "disks_expected": 2, "recording": recording}
