"""A UPS on battery comes to its end: the battery is low, or it fell silent while on battery."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import PowerStatus
from detectors.power.battery import intended, low
from detectors.scene import Scene

SEVERED_S = 900.0
"""With the whole site silent a UPS that was not low is given so much longer, s."""
LEAST_S = 120.0
"""Silence of a UPS on battery is not judged sooner, s."""


class UpsDying(Detector[PowerStatus]):
    """Fires on a low battery while the input is gone, and on a UPS last seen on battery that then says nothing more.

    A dead UPS takes the recorder, the panel's line and the switches with it; it cannot report its own end. When the
    whole site falls silent with it the line may be at fault: then it is said later, and surer if the battery was low.
    """

    name = "power.ups_dying"
    title = "UPS low or dead"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.status",)
    rate = 0.005
    hit = 0.3

    def __init__(self) -> None:
        self.device = ""
        self.battery = False
        self.low = False
        self.last = 0.0
        self.interval = 180.0

    def score_one(self, event: PowerStatus, scene: Scene) -> Sign | None:
        if self.low or not low(event) or intended(event):
            return None
        left = event.battery_runtime
        rest = "" if left is None else f", {left / 60.0:.0f} minutes are left"
        numbers = {"charge": event.battery_charge, "runtime_s": left, "flags": list(event.status)}
        return Sign(0.85, f"The battery of UPS {event.device} is nearly empty{rest}.", numbers, key="low")

    def learn_one(self, event: PowerStatus, scene: Scene) -> None:
        self.device = event.device
        gap = scene.clock - self.last
        if 1.0 < gap < 3600.0:
            self.interval += 0.1 * (gap - self.interval)
        self.last = scene.clock
        self.low = low(event)
        self.battery = "OB" in event.status and not intended(event)
        self.wake = self.last + max(LEAST_S, 2.2 * self.interval + 30.0) if self.battery else inf

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        presence, silent = scene.presence, now - self.last
        alone = now - presence.latest < self.interval and not presence.severed(now)
        if not alone and not self.low and silent < SEVERED_S + 3.0 * self.interval:
            self.wake = now + 120.0
            return []
        self.wake = inf
        state = "nearly empty" if self.low else "on battery"
        summary = f"UPS {self.device} was last seen {state} and has been silent for {silent / 60.0:.0f} minutes."
        numbers = {"silent_s": round(silent, 1), "was_low": self.low, "site_heard": alone}
        return [Sign(0.85 if alone or self.low else 0.5, summary, numbers, self.device, "silent")]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OL", "CHRG"], "battery_charge": 12.0}
        yield {"tick": 900}
        yield {**base, "t": 1000, "status": ["OB"], "battery_charge": 95.0}
        yield {**base, "t": 1180, "status": ["OB"], "battery_charge": 92.0}
        yield {**base, "t": 1250, "status": ["OL"], "battery_charge": 91.0}
        yield {"tick": 4000}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        for t in range(0, 900, 180):
            yield {**base, "t": t, "status": ["OL"], "battery_charge": 99.0}
        yield {**base, "t": 900, "status": ["OB"], "battery_charge": 60.0, "input_voltage": 4.0}
        yield {**base, "t": 1080, "status": ["OB", "LB"], "battery_charge": 11.0, "input_voltage": 4.0}
        yield {"t": 1500, "type": "power.reading", "device": "m", "feed": "grid-a", "voltage": 0, "frequency": 0}
        yield {"tick": 1700}
