"""A camera is covered, sprayed, defocused or dazzled: its picture is unlike what it has shown at this hour."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import CameraStatus
from detectors.scene import Scene
from detectors.spread import Swift
from detectors.state import Part

WARM = 40
"""Statuses of a camera before its learnt view counts."""
SOUND = 0.75
"""Share of its usual sharpness that a camera must have shown just before."""
DEEP = 0.2
"""Share of the usual sharpness below which it is no drop of rain on the lens."""
TOGETHER_S = 1800.0
"""Other cameras seen within this time tell whether it is the weather."""
DARK, DAZZLED = "covered or in the dark", "dazzled"
BRIGHTNESS = (DARK, DAZZLED)
"""What a hand or a lamp does to two cameras at once, and no weather and no forklift."""


class View(Part):
    """What one camera usually shows, and what it showed last."""

    __slots__ = ("brightest", "darkest", "off", "ratio", "sharpness", "time")

    def __init__(self) -> None:
        self.sharpness = Swift(1500)
        self.darkest = 1.0
        self.brightest = 0.0
        self.ratio = 1.0
        self.time = 0.0
        self.off = 0

    def learn(self, luminance: float, sharpness: float) -> None:
        """Learn one ordinary status; the extremes of brightness fade slowly."""
        self.sharpness.learn(self.sharpness.tame(sharpness, 0.03))
        self.darkest = min(luminance, self.darkest + 0.0001)
        self.brightest = max(luminance, self.brightest - 0.0001)


class Blinded(Detector[CameraStatus]):
    """Fires when two statuses in succession are far outside this camera's own sharpness or brightness.

    For brightness one status each of two cameras is enough, too.

    Sharpness is compared with what it was learnt to be, brightness with the darkest and brightest it
    has shown. Fog, rain and snow take the sharpness of all outdoor cameras at once: a camera that fades together with
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

    def step(self, event: CameraStatus, scene: Scene) -> Sign | None:
        luminance, sharpness = event.luminance, event.sharpness
        if not event.connected or luminance is None or sharpness is None:
            return None
        view = self.views.get(event.device)
        if view is None:
            view = self.views[event.device] = View()
        usual = view.sharpness
        what = self._what(event.device, view, luminance, sharpness, scene) if usual.n >= WARM else ""
        view.off = view.off + 1 if what else 0
        deep = luminance < 0.06 or sharpness < DEEP * usual.mean or luminance > 0.85
        view.ratio = sharpness / max(usual.mean, 0.01) if usual.n >= WARM else 1.0
        view.time = scene.time
        if not what or view.off > 60:
            view.learn(luminance, sharpness)
        if view.off != 2 and not (view.off == 1 and what in BRIGHTNESS and self._another(event.device, scene)):
            return None
        scene.sight.note(event.device, scene.time)
        numbers = {"luminance": luminance, "sharpness": sharpness, "usual_sharpness": round(usual.mean, 3)}
        summary = f"Camera {event.device} is {what}: brightness {luminance:.2f}, sharpness {sharpness:.2f}."
        score = (0.35 if scene.open(scene.time) else 0.55) * (1.0 if deep else 0.6)
        return Sign(score, summary, numbers, key="blind")

    def _what(self, device: str, view: View, luminance: float, sharpness: float, scene: Scene) -> str:
        if luminance < 0.06 and luminance < 0.4 * view.darkest:
            return DARK
        if luminance > 0.85 and luminance > view.brightest + 0.15:
            return DAZZLED
        ratio = sharpness / max(view.sharpness.mean, 0.01)
        if (
            ratio < 0.55
            and (view.off or view.ratio > SOUND)  # a hand does it between two statuses, weather draws in
            and view.sharpness.distance(sharpness, 0.03) < -5.0
            and ratio < 0.65 * self._others(device, scene)
        ):
            return "out of focus or covered"
        return ""

    def _another(self, device: str, scene: Scene) -> bool:
        """Whether another camera is blind, too."""
        now = scene.time
        return any(view.off and now - view.time < TOGETHER_S for name, view in self.views.items() if name != device)

    def _others(self, device: str, scene: Scene) -> float:
        """Second lowest sharpness of the other cameras, as a share of what is usual for them."""
        now = scene.time
        ratios = sorted(
            view.ratio
            for name, view in self.views.items()
            if name != device and now - view.time < TOGETHER_S and view.off < 2  # found blind by hand: no weather
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
