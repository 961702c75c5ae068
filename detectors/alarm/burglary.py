"""The alarm goes off: a lone zone when people come and go, or several while the site is closed."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene

TOGETHER_S = 1800.0
"""Zones within this time belong together."""
VERIFIED = 0.75
"""What a second device's word adds: cleaners and spiders hardly ever wake two."""
HANDS_S = 900.0
"""Around an opening or closing a lone zone is somebody too early or too late."""


class Burglary(Detector[AlarmSignal]):
    """Fires on burglary signals (BA, BV), weighed by context.

    A lone zone is the everyday false alarm of cleaners, spiders and doors left ajar: weak in open hours and near an
    opening or a closing. Verified ones and several zones within half an hour are strong.
    """

    name = "alarm.burglary"
    title = "burglary alarm"
    domain = "alarm"
    sort = "definite"
    stage = "alarm"
    reads = ("alarm.signal",)
    scope = "site"
    rate = 0.07
    strong = 0.02
    hit = 0.25

    def __init__(self) -> None:
        self.zones: dict[str, float] = {}
        self.hands = 0.0

    def score_one(self, event: AlarmSignal, scene: Scene) -> Sign | None:
        if event.code not in ("BA", "BV"):
            return None
        at = scene.time
        zone = event.zone or "unknown"
        zones = {name for name, when in self.zones.items() if abs(at - when) < TOGETHER_S} | {zone}
        calm = scene.armed is False or scene.hours.expected(scene.local(at))
        score = 0.1 if calm or at - self.hands < HANDS_S else 0.35
        score += 0.15 * (len(zones) - 1) + (VERIFIED if event.code == "BV" else 0.0)
        kind = "A verified burglary alarm" if event.code == "BV" else "A burglary alarm"
        summary = f"{kind} came from zone {zone}."
        if len(zones) > 1:
            summary = f"{kind} came from {len(zones)} zones within half an hour: {', '.join(sorted(zones)[:6])}."
        numbers = {"zones": sorted(zones)[:20], "code": event.code, "armed": scene.armed, "people_expected": calm}
        return Sign(min(score, 0.9), summary, numbers, key="burglary")

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code in ("OP", "CL"):
            self.hands = scene.time
        elif event.code in ("BA", "BV"):
            self.zones = {name: at for name, at in self.zones.items() if scene.time - at < TOGETHER_S}
            self.zones[event.zone or "unknown"] = scene.time

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "BR", "zone": "Z1"}
        yield {"t": 9, "type": "alarm.signal", "device": "panel-1", "code": "CL", "user": "u-1"}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 3600, "type": "alarm.signal", "device": "panel-1", "code": "CL", "user": "u-1"}
        yield {"t": 9000, "type": "alarm.signal", "device": "panel-1", "code": "BA", "zone": "Z1"}
        yield {"t": 9100, "type": "alarm.signal", "device": "panel-1", "code": "BV", "zone": "Z2"}
