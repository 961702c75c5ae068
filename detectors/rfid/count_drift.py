"""Stock that shrinks a little every day."""

from collections.abc import Iterable
from math import exp, sqrt
from typing import ClassVar

from river import stats

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidCount
from detectors.scene import Scene
from detectors.state import part

MOST_ZONES = 200
SLACK = 0.5
"""What a count may fall short without adding up, in usual deviations."""
LIMIT = 6.0
"""Sum of shortfalls from which on it is worth a finding, in usual deviations."""
CLIP = 3.0
"""The most that one count can add: a single recount error is everyday life."""


@part
class Zone:
    """The differences counted in one zone."""

    __slots__ = ("before", "since", "spread", "total", "units")

    def __init__(self, at: float) -> None:
        self.spread = stats.Var()
        self.total = 0.0
        self.units = 0
        self.before = 0
        self.since = at


class CountDrift(Detector[RfidCount]):
    """Sums up shortfalls zone by zone (a one-sided CUSUM) in units of the zone's usual deviation.

    Miscounts go both ways and cancel out. A difference that is found again unchanged is an `expected` that nobody has
    corrected, not a new loss. The usual deviation is river's variance of clipped differences, so that a slow loss can't
    teach the zone that losing is usual.
    """

    name: ClassVar[str] = "rfid.count_drift"
    title: ClassVar[str] = "stock shrinks"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("rfid.count",)
    scope = "site"
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.3
    memory_s: ClassVar[float] = 48 * 3600.0
    repeat_s: ClassVar[float] = 20 * 3600.0

    def __init__(self) -> None:
        self.zones: dict[str, Zone] = {}

    def score_one(self, event: RfidCount, scene: Scene) -> Sign | None:
        zone = self.zones.get(event.zone)
        if zone is None:
            return None
        total, units = self._added(zone, event)
        if total <= LIMIT or event.counted >= event.expected:
            return None
        days = max(1, round((scene.time - zone.since) / 86400.0))
        evidence: Row = {"zone": event.zone, "missing": units, "cusum": round(total, 2), "days": days}
        evidence |= {"counted": event.counted, "expected": event.expected}
        summary = f"Counts of zone {event.zone} have fallen short again and again: {units} pieces within {days} days."
        return Sign(1.0 - 0.8 * exp((LIMIT - total) / 4.0), summary, evidence, key=event.zone)

    def learn_one(self, event: RfidCount, scene: Scene) -> None:
        zone = self.zones.pop(event.zone, None) or Zone(scene.time)
        self.zones[event.zone] = zone
        if len(self.zones) > MOST_ZONES:
            del self.zones[next(iter(self.zones))]
        zone.total, zone.units = self._added(zone, event)
        if zone.total <= 0.0:
            zone.total, zone.units, zone.since = 0.0, 0, scene.time
        zone.before = event.counted - event.expected
        bound = CLIP * _deviation(zone)
        zone.spread.update(min(max(float(zone.before), -bound), bound))

    @staticmethod
    def _added(zone: Zone, event: RfidCount) -> tuple[float, int]:
        short = event.expected - event.counted
        if short > 0 and -short == zone.before:
            short = 0
        return zone.total + min(short / _deviation(zone), CLIP) - SLACK, zone.units + short

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(60):
            yield _count(day, 200 + (0, 1, -1, 0, -2, 2, 0, 0, -4, 4)[day % 10])

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        for day in range(60, 75):
            yield _count(day, 197 + day % 2)


def _deviation(zone: Zone) -> float:
    n = float(zone.spread.mean.n)
    usual: float = (10.0 * 2.25 + n * zone.spread.get()) / (10.0 + n)
    return max(1.0, sqrt(usual))


def _count(day: int, counted: int) -> Row:
    at = day * 86400.0 + 19 * 3600.0
    return {"t": at, "type": "rfid.count", "device": "hh-1", "zone": "A", "counted": counted, "expected": 200}
