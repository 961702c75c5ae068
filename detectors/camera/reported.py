"""A camera itself reports a dark, blurred or changed picture."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import CameraEvent
from detectors.scene import Scene
from detectors.silence import spell

TURNED = "VideoSource/GlobalSceneChange"
SAYS = {
    "VideoSource/ImageTooDark": "a picture too dark",
    "VideoSource/ImageTooBlurry": "a picture out of focus",
    TURNED: "a changed view",
}
PATIENCE_S = 420.0
"""Passing headlights, a parked lorry and a spider are gone by then."""


class Reported(Detector[CameraEvent]):
    """Fires when a camera's own tampering events (too dark, too blurry, view changed) stay on.

    Weak while people work: pallets are stacked before lenses and lamps switched off.
    """

    name = "camera.reported"
    title = "camera reports a bad picture"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("camera.event",)
    rate = 0.04
    hit = 0.3

    def __init__(self) -> None:
        self.since: dict[str, float] = {}
        self.device = ""

    def score_one(self, event: CameraEvent, scene: Scene) -> Sign | None:
        if not event.state or event.topic not in SAYS or event.topic in self.since:
            return None
        summary = f"Camera {event.device} reports {SAYS[event.topic]}."
        return Sign(0.05 if scene.open(scene.time) else 0.15, summary, {"topic": event.topic}, key=event.topic)

    def learn_one(self, event: CameraEvent, scene: Scene) -> None:
        if event.topic not in SAYS:
            return
        self.device = event.device
        if event.state:
            self.since.setdefault(event.topic, scene.time)
        else:
            self.since.pop(event.topic, None)
        waiting = [since + PATIENCE_S for since in self.since.values() if since + PATIENCE_S > scene.clock]
        self.wake = min(waiting, default=inf)

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        due = {topic: since for topic, since in self.since.items() if self.wake - 0.001 <= since + PATIENCE_S <= now}
        self.wake = min((since + PATIENCE_S for since in self.since.values() if since + PATIENCE_S > now), default=inf)
        score = 0.1 if scene.open(now) else 0.4
        signs = []
        for topic, since in due.items():
            if topic == TURNED:  # fog and dusk make many cameras say that they see badly, not that they see else
                scene.sight.note(self.device, since)
            summary = f"Camera {self.device} has reported {SAYS[topic]} for {spell(now - since)}."
            signs.append(Sign(score, summary, {"topic": topic, "lasted_s": round(now - since, 1)}, self.device, topic))
        return signs

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "camera.event", "device": "cam-1", "topic": "VideoSource/SignalLoss", "state": True}
        yield {"t": 9, "type": "camera.event", "device": "cam-1", "topic": "VideoSource/ImageTooDark", "state": False}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "camera.event", "device": "cam-1", "topic": "VideoSource/ImageTooBlurry", "state": True}
        yield {"tick": 500}
