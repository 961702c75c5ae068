"""Meters and UPSes that should have spoken."""

from collections.abc import Iterable

from detectors.base import Row
from detectors.events import PowerReading
from detectors.silence import Silence


class PowerSilence(Silence[PowerReading]):
    """Fires when a meter or UPS has missed its own rhythm while the rest of the site is heard."""

    name = "power.silence"
    title = "meters or UPS silent"
    domain = "power"
    stage = "supply"
    reads = ("power.reading", "power.status")
    rate = 0.06
    hit = 0.3
    explained_by = ("power.mains_loss", "power.on_battery", "power.feed_lost")
    noun = "meter"

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _meters(0, 7200, ("m-1", "m-2", "m-3"))
        yield from _meters(7200, 7600, ("m-1", "m-2"))
        yield {"tick": 7600}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _meters(0, 7200, ("m-1", "m-2", "m-3"))
        yield from _meters(7200, 9000, ("m-1", "m-2"))
        yield {"tick": 9000}


def _meters(start: int, end: int, devices: tuple[str, ...]) -> Iterable[Row]:
    for t in range(start, end, 180):
        for number, device in enumerate(devices):
            row: Row = {"t": t + number, "type": "power.reading", "device": device, "feed": "grid-a"}
            yield {**row, "voltage": 230.0, "frequency": 50.0}
