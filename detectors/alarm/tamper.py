"""Somebody opens or turns a device of the alarm."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene

TOGETHER_S = 3600.0
"""Zones within this time belong together."""


class Tamper(Detector[AlarmSignal]):
    """Fires on tamper signals (TA): weak while people work, stronger when nobody should be there or zones add up."""

    name = "alarm.tamper"
    title = "tamper alarm"
    domain = "alarm"
    sort = "definite"
    stage = "alarm"
    reads = ("alarm.signal",)
    scope = "site"
    rate = 0.02
    hit = 0.2

    def __init__(self) -> None:
        self.zones: dict[str, float] = {}

    def score_one(self, event: AlarmSignal, scene: Scene) -> Sign | None:
        if event.code != "TA":
            return None
        zone = event.zone or "unknown"
        zones = {name for name, at in self.zones.items() if abs(scene.time - at) < TOGETHER_S} | {zone}
        calm = scene.hours.expected(scene.local(scene.time))
        score = min((0.12 if calm else 0.4) + 0.15 * (len(zones) - 1), 0.85)
        summary = f"A device of the alarm is being tampered with: zone {', '.join(sorted(zones)[:6])}."
        return Sign(score, summary, {"zones": sorted(zones)[:20], "people_expected": calm}, key="tamper")

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code == "TA":
            self.zones = {name: at for name, at in self.zones.items() if scene.time - at < TOGETHER_S}
            self.zones[event.zone or "unknown"] = scene.time

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "TR", "zone": "Z1"}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 9000, "type": "alarm.signal", "device": "panel-1", "code": "TA", "zone": "Z1"}
