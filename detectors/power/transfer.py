"""A UPS takes over: the first and quickest sign of a supply that fails, mostly of one that only blinks."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerStatus
from detectors.power.battery import intended, unfed
from detectors.scene import Scene


class Transfer(Detector[PowerStatus]):
    """Fires when a UPS goes to battery unasked.

    Blinks of the public grid make this everyday life at many sites, so it says little alone; `power.mains_loss` waits
    for what lasts.
    """

    name = "power.transfer"
    title = "UPS takes over"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.status",)
    rate = 0.25
    hit = 0.7
    memory_s = 2 * 3600.0

    def __init__(self) -> None:
        self.on_battery = False

    def score_one(self, event: PowerStatus, scene: Scene) -> Sign | None:
        if self.on_battery or "OB" not in event.status or intended(event):
            return None
        volts = event.input_voltage
        dead = unfed(event)
        return Sign(
            0.3 if dead else 0.1,
            f"UPS {event.device} runs on battery: its input is {'lost' if dead else 'too bad to use'}.",
            {"input_voltage": volts, "transfer_reason": event.transfer_reason, "charge": event.battery_charge},
            key="battery",
        )

    def learn_one(self, event: PowerStatus, scene: Scene) -> None:
        self.on_battery = "OB" in event.status

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OL"], "input_voltage": 231.0}
        yield {**base, "t": 180, "status": ["OB"], "input_voltage": 231.0, "transfer_reason": "selfTest"}
        yield {**base, "t": 200, "status": ["OL", "CHRG", "X-VENDOR-7"]}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        base: Row = {"type": "power.status", "device": "ups-1"}
        yield {**base, "t": 0, "status": ["OL"], "input_voltage": 231.0}
        yield {**base, "t": 180, "status": ["OB"], "input_voltage": 4.6, "transfer_reason": "inputLost"}
