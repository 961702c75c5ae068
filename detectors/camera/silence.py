"""Cameras and recorders that should have spoken."""

from collections.abc import Iterable

from detectors.base import Row
from detectors.events import CameraStatus
from detectors.scene import Scene
from detectors.silence import Silence

RECORDER = 0.55
"""A silent recorder counts as more than one camera: it has the pictures of all."""


class CameraSilence(Silence[CameraStatus]):
    """Fires when a camera or recorder has missed its own rhythm while the rest of the site is heard."""

    name = "camera.silence"
    title = "cameras or recorder silent"
    domain = "camera"
    stage = "sight"
    reads = ("camera.status", "recorder.status")
    rate = 0.06
    hit = 0.4
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying")
    noun = "camera"

    def weigh(self, device: str, scene: Scene) -> float:
        """Score of one silent device; a recorder's is higher."""
        return RECORDER if device in scene.presence.streams["recorder.status"] else self.alone_score

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _cameras(0, 7200, 6)
        yield from _cameras(7200, 7900, 5)
        yield {"tick": 7900}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _cameras(0, 7200, 6)
        yield from _cameras(7200, 9000, 2)
        yield {"tick": 9000}


def _cameras(start: int, end: int, count: int) -> Iterable[Row]:
    for t in range(start, end, 360):
        for number in range(count):
            row: Row = {"t": t + number * 5, "type": "camera.status", "device": f"cam-{number}", "connected": True}
            yield {**row, "fps": 12, "bitrate": 900, "luminance": 0.4, "sharpness": 0.6, "scene_change": 0.02}
