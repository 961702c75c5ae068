"""One camera after another is blinded: somebody walks through the building."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.camera.reported import SAYS
from detectors.events import CameraEvent, CameraStatus
from detectors.scene import Scene
from detectors.silence import spell

WITHIN_S = 2400.0
"""Cameras blinded within this time are one walk; statuses come every few minutes."""
LEAST, LEAST_OF_MANY = 2.0, 3.0
"""Cameras found blind that make a walk; one that only says so of itself is worth half: fog makes many say so."""
MANY = 12
"""Cameras of which two are blind at the same time by chance now and then."""


class Walk(Detector[CameraStatus | CameraEvent]):
    """Fires when two cameras, three where there are many, were found still, covered, turned or lost within 40 minutes.

    One such camera is a spider's web or a lorry before the lens. Several of them, each by its own measure, have a
    common cause; weather and lamps are judged by the detectors of the single camera already.
    """

    name = "camera.walk"
    title = "one camera blinded after another"
    domain = "camera"
    sort = "learnt"
    stage = "sight"
    reads = ("camera.status", "camera.event")
    scope = "site"
    rate = 0.003
    hit = 0.5
    explained_by = ("camera.blackout",)

    def __init__(self) -> None:
        self.news = 0

    def step(self, event: CameraStatus | CameraEvent, scene: Scene) -> Sign | None:
        sight = scene.sight
        topic = getattr(event, "topic", None)
        if topic in SAYS:
            if getattr(event, "state", False):
                sight.note(event.device, scene.time, 0.5)
            else:
                sight.clear(event.device)
        if sight.news == self.news:
            return None
        self.news = sight.news
        times = {name: at for name, (at, _) in sight.blind.items() if scene.time - at < WITHIN_S}
        known = max(len(scene.presence.streams["camera.status"]), len(times))
        if sum(sight.blind[name][1] for name in times) < (LEAST_OF_MANY if known > MANY else LEAST):
            return None
        score = min(0.25 + 0.1 * len(times) + 0.2 * len(times) / known, 0.95) * (0.5 if scene.open(scene.time) else 1.0)
        lasted = scene.time - min(times.values())
        names = ", ".join(sorted(times, key=lambda name: (times[name], name))[:6])
        summary = f"One camera after another went blind within {spell(lasted)}: {names}."
        return Sign(
            score, summary, {"cameras": sorted(times)[:20], "known": known, "lasted_s": round(lasted)}, key="walk"
        )

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for number in range(8):  # each for a minute only
            yield _says(60 * number, number, True)
            yield _says(60 * number + 50, number, False)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for number in range(8):
            yield _says(60 * number, number, True)


def _says(t: int, number: int, state: bool) -> Row:
    row: Row = {"t": t, "type": "camera.event", "device": f"cam-{number}", "state": state}
    return {**row, "topic": "VideoSource/ImageTooDark"}
