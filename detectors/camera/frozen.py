"""A camera shows a still or a loop: its numbers no longer vary as living pictures do."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.echo import Echo
from detectors.events import CameraStatus
from detectors.habit import Habit
from detectors.scene import Scene
from detectors.silence import spell

WARM = 20
"""Statuses of a camera before it is judged."""
LOOP, TOGETHER = 11.0, 15.0
"""Nats from which on a loop is worth a finding: at one camera, and of several that repeat as far back."""
BEHIND_S = 1800.0
"""A status so much older than the last one comes late; one that is older still tells of a clock that was set, s."""


class Frozen(Detector[CameraStatus]):
    """Fires when bitrate, luminance and sharpness repeat exactly, as a whole, more often than this camera's ever do.

    Noise alone changes a living picture's numbers. How often two statuses in succession are equal all the same is
    learnt for each camera (a coarse encoder, a dark room), and so is how often nothing moves; each further repeat
    multiplies the surprise. A loop repeats a sequence of statuses: the same distance back, several times in succession,
    or at several cameras at once.
    What comes late, a batch that is sent again say, shows pictures of the past and is none.
    """

    name = "camera.frozen"
    title = "still or looped picture"
    domain = "camera"
    sort = "learnt"
    stage = "sight"
    reads = ("camera.status",)
    rate = 0.01
    hit = 0.4
    repeat_s = 12 * 3600.0

    def __init__(self) -> None:
        self.echo = Echo(0.002, 0.005)
        self.motionless = Habit(0.05, 100.0)
        self.since = 0.0
        self.newest = 0.0

    def step(self, event: CameraStatus, scene: Scene) -> Sign | None:
        if 0.0 <= self.newest - scene.time < BEHIND_S:
            return None
        self.newest = scene.time
        picture, echo = _picture(event), self.echo
        if not picture:
            echo.broken()
            return None
        still = echo.take(picture)
        if not still:
            self.since = scene.time
        sign = self._judge(event, scene) if echo.seen >= WARM and (still or echo.loop) else None
        if sign is not None:
            scene.sight.note(event.device, self.since)
        if not still:
            self.motionless.learn(event.scene_change == 0.0)
        echo.learn(picture)
        return sign

    def _judge(self, event: CameraStatus, scene: Scene) -> Sign | None:
        echo = self.echo
        if echo.run:
            motionless = self.motionless.surprise() if event.scene_change == 0.0 else -1.0
            nats = echo.still() + echo.run * motionless
            lasted = scene.time - self.since
            if nats < 7.5:
                return None
            score = min(0.035 * nats + 0.1, 0.95)
            summary = (
                f"Camera {event.device} has shown the same still for {spell(lasted)} while it reports as connected."
            )
            return Sign(score, summary, {"repeats": echo.run, "lasted_s": round(lasted, 1)}, key="still")
        nats = echo.looping()
        others = scene.sight.repeat(event.device, scene.time, echo.lag, nats)
        if nats < LOOP and nats + others < TOGETHER:
            return None
        score = min(0.03 * max(nats, LOOP) + 0.1, 0.95)
        summary = f"Camera {event.device} shows the same {echo.lag} pictures over and over."
        return Sign(score, summary, {"length": echo.lag, "matches": echo.loop}, key="loop")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(60):
            yield _status(step, 1500 + 37 * step % 211, 0.3 + 0.001 * (step * 7 % 13))
        yield {"t": 60 * 360, "type": "camera.status", "device": "cam-1", "connected": False}
        yield {"t": 61 * 360, "type": "camera.status", "device": "cam-1", "connected": False}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(40):
            yield _status(step, 1500 + 37 * step % 211, 0.3 + 0.001 * (step * 7 % 13))
        for step in range(40, 43):
            yield _status(step, 1540, 0.301)


def _picture(event: CameraStatus) -> float:
    """Return one number that stands for bitrate, luminance and sharpness together; 0 without a picture."""
    bitrate, luminance, sharpness = event.bitrate, event.luminance, event.sharpness
    if not event.connected or not bitrate or (luminance is None and sharpness is None):
        return 0.0
    return bitrate + 1.0e7 * (luminance or 0.0) + 3.1415926e9 * (sharpness or 0.0)


def _status(step: int, bitrate: float, luminance: float) -> Row:
    row: Row = {"t": step * 360, "type": "camera.status", "device": "cam-1", "connected": True, "fps": 12.0}
    return {**row, "bitrate": bitrate, "luminance": luminance, "sharpness": 0.6, "scene_change": 0.03}
