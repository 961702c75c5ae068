"""One camera stays without signal."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.camera.outage import lost
from detectors.events import CameraEvent, CameraStatus
from detectors.scene import Scene
from detectors.silence import spell
from detectors.spread import Spread

PATIENCE_S = 600.0
"""A reboot or a flapping link is over by then."""


class Lost(Detector[CameraStatus | CameraEvent]):
    """Fires when a camera has had no signal for longer than its interruptions usually last.

    A single camera fails everywhere now and then, so the sign is weak, weaker still while people work; several at once
    are `camera.blackout`'s.
    """

    name = "camera.lost"
    title = "camera without signal"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("camera.status", "camera.event")
    rate = 0.05
    hit = 0.4
    explained_by = ("camera.blackout", "power.mains_loss", "power.on_battery", "power.ups_dying")

    def __init__(self) -> None:
        self.device = ""
        self.since = inf
        self.lengths = Spread(50)

    def learn_one(self, event: CameraStatus | CameraEvent, scene: Scene) -> None:
        state = lost(event)
        if state is None:
            return
        if not state:
            if self.since < inf:
                self.lengths.learn(min(max(scene.time - self.since, 0.0), 4 * 3600.0))
                self.since = self.wake = inf
        elif self.since == inf:
            self.device = event.device
            self.since = scene.time
            self.wake = max(self.since + self._patience(), scene.clock)

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        if not scene.presence.hearing(now):
            self.wake = now + 60.0
            return []
        self.wake = inf
        lasted = now - self.since
        if not scene.supply.out():
            scene.sight.note(self.device, self.since, 0.5)
        score = 0.1 if scene.open(now) else 0.3
        summary = f"Camera {self.device} has had no signal for {spell(lasted)}."
        return [
            Sign(
                score, summary, {"lasted_s": round(lasted, 1), "usual_s": round(self.lengths.mean)}, self.device, "lost"
            )
        ]

    def _patience(self) -> float:
        if self.lengths.n < 4:
            return PATIENCE_S
        return min(max(self.lengths.mean + 2.0 * self.lengths.sd, PATIENCE_S), 3600.0)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "camera.event", "device": "cam-1", "topic": "VideoSource/SignalLoss", "state": True}
        yield {"t": 200, "type": "camera.event", "device": "cam-1", "topic": "VideoSource/SignalLoss", "state": False}
        yield {"tick": 900}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "camera.event", "device": "cam-1", "topic": "VideoSource/SignalLoss", "state": True}
        for t in range(60, 700, 60):
            yield {"t": t, "type": "camera.status", "device": "cam-1", "connected": False}
        yield {"tick": 700}
