"""Disks are missing from the recorder."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import RecorderStatus
from detectors.scene import Scene


class RecorderDisks(Detector[RecorderStatus]):
    """Fires when a recorder has lost disks: one may have failed, several at once were pulled out.

    The number expected is the highest that was ever declared or seen for a while, so that a recorder told to expect
    fewer hides nothing. Disks that were missing when the recorder was first heard of are a weak sign.
    """

    name = "camera.recorder_disks"
    title = "recorder's disks missing"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("recorder.status",)
    rate = 0.02
    hit = 0.3

    def __init__(self) -> None:
        self.present = -1
        self.expected = 0.0

    def score_one(self, event: RecorderStatus, scene: Scene) -> Sign | None:
        expected = max(event.disks_expected, round(self.expected))
        gone = expected - event.disks
        before = self.present if self.present >= 0 else expected
        if gone <= 0 or event.disks >= before:
            return None
        pulled = before - event.disks
        score = 0.3 if pulled == 1 or self.present < 0 else 0.9
        if pulled == 1 and event.disks == 0:
            score = 0.6
        when = "at once" if self.present >= 0 else "before it was first heard of"
        summary = f"Recorder {event.device} has {event.disks} of {expected} disks left; {pulled} went missing {when}."
        numbers = {"disks": event.disks, "expected": expected, "before": before, "recording": event.recording}
        return Sign(score, summary, numbers, key="disks")

    def learn_one(self, event: RecorderStatus, scene: Scene) -> None:
        self.present = event.disks
        high = float(max(event.disks_expected, event.disks))
        self.expected = high if high >= self.expected else self.expected + 0.002 * (high - self.expected)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(5):
            yield _status(step, 8)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(5):
            yield _status(step, 8)
        yield _status(5, 1)


def _status(step: int, disks: int) -> Row:
    row: Row = {"t": step * 900, "type": "recorder.status", "device": "nvr-1", "disks": disks}
    return {**row, "disks_expected": 8, "recording": True}
