"""A camera is covered, sprayed, defocused or dazzled: its picture is unlike what it has shown at this hour."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import CameraStatus
from detectors.scene import Scene
from detectors.spread import Spread
from detectors.state import part

WARM = 40
"""Statuses of a camera before its learnt view counts."""
TOGETHER_S = 1800.0
"""Other cameras seen within this time tell whether it is the weather."""


@part
class View:
    """What one camera usually shows, and what it showed last."""

    __slots__ = ("brightest", "darkest", "luminance", "off", "ratio", "sharpness", "time")

    def __init__(self) -> None:
        self.sharpness = Spread(1500)
        self.luminance = [0.0] * 24
        self.darkest = 1.0
        self.brightest = 0.0
        self.ratio = 1.0
        self.time = 0.0
        self.off = 0


class Blinded(Detector[CameraStatus]):
    """Fires when two statuses in succession are far outside this camera's own sharpness or brightness.

    Sharpness is compared with what it was learnt to be, brightness with the darkest and brightest ever shown and with
    this hour's. Fog, rain and snow take the sharpness of all outdoor cameras at once: a camera that fades together with
    others is not blinded by hand. A lamp switched on or an infrared filter falling changes brightness only within what
    was seen before.
    """

    name = "camera.blinded"
    title = "covered, defocused or dazzled"
    domain = "camera"
    sort = "learnt"
    stage = "sight"
    reads = ("camera.status",)
    scope = "site"
    rate = 0.02
    hit = 0.3

    def __init__(self) -> None:
        self.views: dict[str, View] = {}

    def score_one(self, event: CameraStatus, scene: Scene) -> Sign | None:
        view = self.views.get(event.device)
        if view is None or view.sharpness.n < WARM or view.off != 1 or not event.connected:
            return None
        what = self._what(event, view, scene)
        if not what:
            return None
        luminance, sharpness = event.luminance or 0.0, event.sharpness or 0.0
        numbers = {"luminance": luminance, "sharpness": sharpness, "usual_sharpness": round(view.sharpness.mean, 3)}
        summary = f"Camera {event.device} is {what}: brightness {luminance:.2f}, sharpness {sharpness:.2f}."
        return Sign(0.35 if scene.open(scene.time) else 0.55, summary, numbers, key="blind")

    def learn_one(self, event: CameraStatus, scene: Scene) -> None:
        luminance, sharpness = event.luminance, event.sharpness
        if not event.connected or luminance is None or sharpness is None:
            return
        view = self.views.get(event.device)
        if view is None:
            view = self.views[event.device] = View()
        warm = view.sharpness.n >= WARM
        view.off = view.off + 1 if warm and self._what(event, view, scene) else 0
        view.ratio = sharpness / max(view.sharpness.mean, 0.01) if warm else 1.0
        view.time = scene.time
        hour = int(scene.time // 3600.0) % 24
        usual = view.luminance[hour]
        view.luminance[hour] = luminance if not usual else usual + 0.1 * (luminance - usual)
        if view.off == 0 or view.off > 60:
            view.sharpness.learn(view.sharpness.tame(sharpness, 0.03))
            view.darkest = min(luminance, view.darkest + 0.0001)
            view.brightest = max(luminance, view.brightest - 0.0001)

    def _what(self, event: CameraStatus, view: View, scene: Scene) -> str:
        luminance, sharpness = event.luminance or 0.0, event.sharpness or 0.0
        usual = view.luminance[int(scene.time // 3600.0) % 24]
        if luminance < 0.4 * view.darkest and luminance < 0.06:
            return "covered or in the dark"
        if luminance > view.brightest + 0.15 and luminance > 0.85 and luminance > usual + 0.3:
            return "dazzled"
        ratio = sharpness / max(view.sharpness.mean, 0.01)
        if (
            ratio < 0.55
            and view.sharpness.distance(sharpness, 0.03) < -5.0
            and ratio < 0.65 * self._others(event, scene)
        ):
            return "out of focus or covered"
        return ""

    def _others(self, event: CameraStatus, scene: Scene) -> float:
        """Second lowest sharpness of the other cameras, as a share of what is usual for them."""
        now = scene.time
        ratios = sorted(
            view.ratio for name, view in self.views.items() if name != event.device and now - view.time < TOGETHER_S
        )
        return min(ratios[1] if len(ratios) > 1 else 1.0, 1.0)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(60):
            yield _status(step, 0.2 + 0.3 * (step % 2), 0.6)
        yield _status(60, 0.4, 0.1)  # a forklift before the lens, once
        yield _status(61, 0.4, 0.6)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(60):
            yield _status(step, 0.4, 0.6)
        yield _status(60, 0.01, 0.02)
        yield _status(61, 0.01, 0.02)


def _status(step: int, luminance: float, sharpness: float) -> Row:
    row: Row = {"t": step * 360, "type": "camera.status", "device": "cam-1", "connected": True, "fps": 12.0}
    return {**row, "bitrate": 900, "luminance": luminance, "sharpness": sharpness, "scene_change": 0.03}
