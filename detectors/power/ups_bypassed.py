"""A UPS that would not carry the site: switched off, or put on bypass."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerStatus
from detectors.power.battery import intended
from detectors.scene import Scene

OUT = ("OFF", "BYPASS")


class UpsBypassed(Detector[PowerStatus]):
    """Fires when a UPS that was in service reports that it is off or on bypass: the next cut goes through.

    Electricians do that by day, and a UPS does it itself on a fault or for a test; a thief does it before the cut.
    """

    name = "power.ups_bypassed"
    title = "UPS off or on bypass"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.status",)
    rate = 0.01
    hit = 0.1

    def __init__(self) -> None:
        self.served = False

    def score_one(self, event: PowerStatus, scene: Scene) -> Sign | None:
        out = [flag for flag in OUT if flag in event.status]
        if not out or not self.served or intended(event):
            return None
        score = 0.15 if scene.open(scene.time) else 0.45
        summary = f"UPS {event.device} is {'switched off' if out[0] == 'OFF' else 'on bypass'}: it carries nothing."
        return Sign(score, summary, {"flags": list(event.status), "charge": event.battery_charge}, key="bypass")

    def learn_one(self, event: PowerStatus, scene: Scene) -> None:
        self.served = "OFF" not in event.status and "BYPASS" not in event.status

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OFF"]}
        yield {**base, "t": 180, "status": ["OL", "CHRG"]}
        yield {**base, "t": 360, "status": ["OL", "BYPASS", "CAL"]}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OL"], "battery_charge": 100.0}
        yield {**base, "t": 180, "status": ["OL", "BYPASS"], "battery_charge": 100.0}
