"""The recorder reports that its storage failed."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import CameraEvent
from detectors.scene import Scene


class StorageFailure(Detector[CameraEvent]):
    """Fires on a storage failure: the quickest word of pulled disks, and of one that died of age."""

    name = "camera.storage_failure"
    title = "recorder's storage failed"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("camera.event",)
    rate = 0.01
    hit = 0.4

    def __init__(self) -> None:
        self.failed = False

    def score_one(self, event: CameraEvent, scene: Scene) -> Sign | None:
        if event.topic != "Device/HardwareFailure/StorageFailure" or not event.state or self.failed:
            return None
        score = 0.25 if scene.open(scene.time) else 0.4
        return Sign(score, f"The storage of recorder {event.device} has failed.", {"topic": event.topic}, key="storage")

    def learn_one(self, event: CameraEvent, scene: Scene) -> None:
        if event.topic == "Device/HardwareFailure/StorageFailure":
            self.failed = event.state

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {**FAILURE, "t": 0, "state": False}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {**FAILURE, "t": 0, "state": True}


FAILURE: Row = {"type": "camera.event", "device": "nvr-1", "topic": "Device/HardwareFailure/StorageFailure"}
