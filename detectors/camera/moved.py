"""A camera was turned: what it sees stays unlike its learnt view."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.camera.reported import TURNED
from detectors.events import CameraEvent, CameraStatus
from detectors.scene import Scene
from detectors.spread import Swift

WARM = 100
"""Statuses of a camera before it is judged."""
YOUNG_S = 86400.0
"""A camera must have been seen by day and by night."""
RUN = 3
"""Statuses in succession that must differ: traffic before the lens comes and goes."""


class Moved(Detector[CameraStatus | CameraEvent]):
    """Fires when the difference from the learnt view stays far above what this camera shows in its busiest hours.

    One status is enough where the camera itself has reported a changed view and not taken it back.
    """

    name = "camera.moved"
    title = "camera turned"
    domain = "camera"
    sort = "learnt"
    stage = "sight"
    reads = ("camera.status", "camera.event")
    rate = 0.03
    strong = 0.02
    hit = 0.25

    def __init__(self) -> None:
        self.change = Swift(2000)
        self.highest = 0.2
        self.run = 0
        self.reported = False
        self.told = False

    def step(self, event: CameraStatus | CameraEvent, scene: Scene) -> Sign | None:
        if getattr(event, "topic", None) == TURNED:
            self.reported = bool(getattr(event, "state", False))
        changed: float | None = getattr(event, "scene_change", None)
        if changed is None or not getattr(event, "connected", False):
            return None
        usual = self.change
        unlike = changed > 0.35 and changed > 1.2 * self.highest and usual.n >= WARM
        unlike = unlike and usual.distance(changed, 0.03) > 4.0
        self.run = self.run + 1 if unlike else 0
        highest = self.highest
        if self.run == 0 or self.run > 100:
            usual.learn(usual.tame(changed, 0.02, 6.0))
        self.highest += (0.2 if changed > highest else 0.001) * (changed - highest)
        lasting = self.run >= (1 if self.reported else RUN)
        fresh, self.told = lasting and not self.told, lasting
        if not fresh or scene.age() < YOUNG_S:
            return None
        scene.sight.note(event.device, scene.time)
        summary = f"Camera {event.device} no longer shows its usual view: {100 * changed:.0f} % of it has changed."
        numbers = {"scene_change": changed, "usual": round(usual.mean, 3), "highest": round(highest, 3)}
        return Sign(0.25 if scene.open(scene.time) else 0.55, summary, numbers, key="view")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(80):
            yield _status(step, 0.02 + 0.01 * (step % 5) + (0.5 if step % 30 == 29 else 0.0))

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(300):
            yield _status(step, 0.02 + 0.01 * (step % 5))
        for step in range(300, 304):
            yield _status(step, 0.9)


def _status(step: int, changed: float) -> Row:
    row: Row = {"t": step * 360, "type": "camera.status", "device": "cam-1", "connected": True, "fps": 12.0}
    return {**row, "bitrate": 900, "luminance": 0.4, "sharpness": 0.6, "scene_change": changed}
