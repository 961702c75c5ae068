"""The panel misses the supervision of its devices."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene

TOGETHER_S = 2 * 3600.0
"""Zones missed within this time belong together."""


class Supervision(Detector[AlarmSignal]):
    """Fires when the panel reports missing supervision (BZ); several zones within two hours make it sure.

    A panel waits hours before it says so, one zone mostly means an empty battery.
    """

    name = "alarm.supervision"
    title = "panel misses devices"
    domain = "alarm"
    sort = "definite"
    stage = "alarm"
    reads = ("alarm.signal",)
    scope = "site"
    rate = 0.03
    hit = 0.3

    def __init__(self) -> None:
        self.zones: dict[str, float] = {}

    def score_one(self, event: AlarmSignal, scene: Scene) -> Sign | None:
        if event.code != "BZ":
            return None
        zone = event.zone or "unknown"
        zones = {name for name, at in self.zones.items() if abs(scene.time - at) < TOGETHER_S} | {zone}
        if len(zones) == 1:
            return Sign(0.2, f"The alarm panel no longer hears zone {zone}.", {"zones": [zone]}, key=zone)
        summary = f"The alarm panel no longer hears {len(zones)} zones: {', '.join(sorted(zones)[:8])}."
        return Sign(min(0.4 + 0.15 * (len(zones) - 1), 0.9), summary, {"zones": sorted(zones)[:20]}, key="many")

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code == "BZ":
            self.zones = {name: at for name, at in self.zones.items() if scene.time - at < TOGETHER_S}
            self.zones[event.zone or "unknown"] = scene.time

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "RP"}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for number in range(3):
            yield {"t": number * 60, "type": "alarm.signal", "device": "panel-1", "code": "BZ", "zone": f"Z{number}"}
