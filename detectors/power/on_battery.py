"""A UPS stays on battery: the supply is gone, not blinking."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import PowerStatus
from detectors.power.battery import unfed
from detectors.scene import Scene

LASTING_S = 12.0
"""Blinks of the public grid are over by then: reclosing takes 0.3–10 s."""
STALE_S = 900.0
"""What arrives later than that tells of the past."""


class OnBattery(Detector[PowerStatus]):
    """Fires when a UPS has a dead input for longer than a blink.

    Meters read every few minutes, a UPS tells at once. How long is waited depends on how late this device's messages
    usually are, for the one that says it is over may be under way.
    """

    name = "power.on_battery"
    title = "UPS stays on battery"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.status",)
    rate = 0.01
    strong = 1.0
    hit = 0.3
    memory_s = 2 * 3600.0

    def __init__(self) -> None:
        self.since = inf
        self.told = False
        self.delay = 1.0
        self.device = ""
        self.charge: float | None = None

    def learn_one(self, event: PowerStatus, scene: Scene) -> None:
        self.delay += 0.05 * (min(max(scene.clock - scene.time, 0.0), 60.0) - self.delay)
        if "OB" not in event.status:
            self.since = self.wake = inf
            self.told = False
            return
        self.charge = event.battery_charge
        if self.since == inf and unfed(event) and scene.clock - scene.time < STALE_S:
            self.device = event.device
            self.since = scene.time
        if not self.told and self.since < inf:
            self.wake = self.since + LASTING_S + 2.0 * self.delay

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        self.wake = inf
        if self.told or self.since == inf:
            return []
        self.told = True
        lasted = now - self.since
        summary = f"UPS {self.device} has been on battery for {lasted:.0f} seconds; its input is dead."
        return [Sign(0.9, summary, {"lasted_s": round(lasted, 1), "charge": self.charge}, self.device, "battery")]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OL"], "input_voltage": 231.0}
        yield {**base, "t": 180, "status": ["OB"], "input_voltage": 4.6, "transfer_reason": "inputVoltageLow"}
        yield {**base, "t": 185, "status": ["OL"], "input_voltage": 230.0}
        yield {"tick": 220}
        yield {**base, "t": 900, "status": ["OB"], "input_voltage": 231.0, "transfer_reason": "selfTest"}
        yield {"tick": 960}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OL"], "input_voltage": 231.0}
        yield {**base, "t": 180, "status": ["OB"], "input_voltage": 4.6, "transfer_reason": "inputLost"}
        yield {"tick": 200}
