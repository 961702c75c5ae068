"""Voltage or frequency outside what this feed has shown: a sag, a swell, a drift."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.spread import Swift
from detectors.state import Part
from detectors.supply import DEAD_VOLTAGE

WARM = 60
"""Readings of a feed before it is judged."""
VOLT_FLOOR, HERTZ_FLOOR = 2.0, 0.03
"""Least deviations taken as one: V, Hz."""


class Usual(Part):
    """Voltage and frequency of one feed, and how many readings in succession were off."""

    __slots__ = ("hertz", "off", "volt")

    def __init__(self) -> None:
        self.volt = Swift(2000)
        self.hertz = Swift(2000)
        self.off = 0


class Quality(Detector[PowerReading]):
    """Fires when two readings in succession are eight deviations from this feed's own level.

    Sags come with storms and heavy machines, so the sign is weak; what it is for is a feed that is being worked on.
    A generator's numbers swing with its load and are not judged.
    """

    name = "power.quality"
    title = "voltage or frequency off"
    domain = "power"
    sort = "learnt"
    stage = "supply"
    reads = ("power.reading",)
    rate = 0.03
    hit = 0.1
    explained_by = ("power.mains_loss", "power.on_battery")

    def __init__(self) -> None:
        self.feeds: dict[str, Usual] = {}

    def step(self, event: PowerReading, scene: Scene) -> Sign | None:
        if event.voltage < DEAD_VOLTAGE or event.feed == "generator":
            return None
        usual = self.feeds.get(event.feed)
        if usual is None:
            usual = self.feeds[event.feed] = Usual()
        volt, hertz = usual.volt, usual.hertz
        off = volt.n >= WARM and _off(event, usual)
        usual.off = usual.off + 1 if off else 0
        volts, hertzes = volt.mean, hertz.mean
        volt.learn(volt.tame(event.voltage, VOLT_FLOOR))
        hertz.learn(hertz.tame(event.frequency, HERTZ_FLOOR))
        if usual.off != 2:
            return None
        summary = f"Feed {event.feed} shows {event.voltage:.0f} V at {event.frequency:.2f} Hz; usual are {volts:.0f} V."
        numbers = {"voltage": event.voltage, "frequency": event.frequency, "usual_v": round(volts, 1)}
        return Sign(0.25, summary, {**numbers, "usual_hz": round(hertzes, 3)}, key=event.feed)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(100):
            yield _reading(step, 230.0 + step % 3)
        yield _reading(100, 190.0)
        yield _reading(101, 231.0)
        yield _reading(102, 0.0)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(100):
            yield _reading(step, 230.0 + step % 3)
        yield _reading(100, 190.0)
        yield _reading(101, 188.0)


def _off(event: PowerReading, usual: Usual) -> bool:
    volts = abs(usual.volt.distance(event.voltage, VOLT_FLOOR))
    return volts > 8.0 or abs(usual.hertz.distance(event.frequency, HERTZ_FLOOR)) > 8.0


def _reading(step: int, voltage: float) -> Row:
    row: Row = {"t": step * 180, "type": "power.reading", "device": "m-1", "feed": "grid-a", "voltage": voltage}
    return {**row, "frequency": 50.0 if voltage else 0.0}
