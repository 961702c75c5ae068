"""Stock that shrinks a little every day."""

from collections.abc import Iterable
from math import exp, fsum, log, pi, sqrt
from typing import ClassVar

from mypy_extensions import mypyc_attr
from river import stats

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidCount
from detectors.habit import Habit
from detectors.scene import Scene
from detectors.state import Part

MOST_ZONES = 200
LIMIT = 8.0
"""Nats in favour of a steady loss from which on it is worth a finding: chance alone takes exp(8) counts."""
HERE, THIN = (1.0, 2.0, 4.0), (0.5,)
"""What a loss may be, in usual deviations of a count: of one zone, or spread over all of them."""
MOST_NATS = 2.0
"""The most that one count says: however short, it may have left out an aisle."""
WARM = 6
"""Counts of a zone after which its usual error is known."""
SUSPECT = 0.25
"""How much is learnt of the usual error while a loss is suspected."""
STRAY = 0.05
"""Share of counts that say nothing: an aisle left out, a delivery not yet booked."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Sum(Part):
    """What the counts of a zone, or of all of them, say in favour of a steady loss since it last looked sound."""

    __slots__ = ("nats", "since", "units")

    def __init__(self, at: float) -> None:
        self.nats = 0.0
        self.units = 0
        self.since = at

    def plus(self, nats: float, lost: int, at: float) -> "Sum":
        """Return the sum with one more count; it starts afresh where losing is no likelier than not."""
        made = Sum(at)
        if self.nats + nats > 0.0:
            made.nats, made.units, made.since = self.nats + nats, self.units + lost, self.since
        return made


@mypyc_attr(allow_interpreted_subclasses=True)
class Zone(Part):
    """The differences counted in one zone; `before` is the last one."""

    __slots__ = ("before", "spread", "sum")

    def __init__(self, at: float) -> None:
        self.spread = stats.Var()
        self.sum = Sum(at)
        self.before = 0


class CountDrift(Detector[RfidCount]):
    """Weighs a steady loss against miscounts, zone by zone and over all zones (CUSUM of log-likelihood ratios).

    Miscounts go both ways and cancel out; tags that are never read make every count short by as much, which is learnt
    as the zone's usual error. A difference may be a new one, or the last one that nobody has corrected in the books;
    which of the two is usual at this site is learnt, and each count is judged by the mixture of both. A loss is a shift
    of every count in usual deviations, which are river's variance of clipped differences, so that a slow loss can't
    teach the zone that losing is usual. A thief who takes from every zone in turn is seen by their common sum.

    Source: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954).
    """

    name: ClassVar[str] = "rfid.count_drift"
    title: ClassVar[str] = "stock shrinks"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("rfid.count",)
    scope = "site"
    rate: ClassVar[float] = 0.005
    hit: ClassVar[float] = 0.3
    timeless: ClassVar[bool] = True
    memory_s: ClassVar[float] = 48 * 3600.0
    repeat_s: ClassVar[float] = 20 * 3600.0

    def __init__(self) -> None:
        self.zones: dict[str, Zone] = {}
        self.sum = Sum(0.0)
        self.stale = Habit(0.25, 10.0)

    def score_one(self, event: RfidCount, scene: Scene) -> Sign | None:
        zone = self.zones.get(event.zone)
        if zone is None or event.counted >= event.expected:
            return None
        here, everywhere = self._sums(zone, event, scene.time)
        found = here if here.nats >= everywhere.nats else everywhere
        if found.nats <= LIMIT:
            return None
        days = max(1, round((scene.time - found.since) / 86400.0))
        evidence: Row = {"zone": event.zone, "missing": found.units, "nats": round(found.nats, 2), "days": days}
        evidence |= {"counted": event.counted, "expected": event.expected}
        where = f"of zone {event.zone}" if found is here else "of several zones"
        summary = f"Counts {where} have fallen short again and again: {found.units} pieces within {days} days."
        key = event.zone if found is here else ""
        return Sign(1.0 - 0.8 * exp((LIMIT - found.nats) / 4.0), summary, evidence, key=key)

    def learn_one(self, event: RfidCount, scene: Scene) -> None:
        zone = self.zones.pop(event.zone, None)
        if zone is None:
            zone = Zone(scene.time)
            if len(self.zones) >= MOST_ZONES:
                del self.zones[next(iter(self.zones))]
        self.zones[event.zone] = zone
        zone.sum, self.sum = self._sums(zone, event, scene.time)
        off = event.counted - event.expected
        if zone.before:
            self.stale.learn(abs(off - zone.before) < abs(off))
        bound = 3.0 * _deviation(zone)
        share = SUSPECT if max(zone.sum.nats, self.sum.nats) > 2.0 else 1.0
        zone.spread.update(min(max(float(off - self._carried(zone, off)), -bound), bound), share)
        zone.before = off

    def _sums(self, zone: Zone, event: RfidCount, at: float) -> tuple[Sum, Sum]:
        """Return the zone's sum and that of all zones with this count."""
        off = event.counted - event.expected
        lost = self._carried(zone, off) - off
        here = zone.sum.plus(self._ratio(zone, off, HERE), lost, at)
        return here, self.sum.plus(self._ratio(zone, off, THIN), lost, at)

    def _ratio(self, zone: Zone, off: int, shifts: tuple[float, ...]) -> float:
        """Return the log-likelihood ratio of a loss of one of these shifts at every count against none."""
        seen = float(zone.spread.mean.n)
        if seen < WARM:
            return 0.0
        deviation, stale = _deviation(zone), self.stale.probability()
        usual = min(zone.spread.mean.get() * seen / (5.0 + seen), 0.0)
        new, more = (off - usual) / deviation, (off - zone.before - usual) / deviation
        sound = (1.0 - stale) * _density(new) + stale * _density(more)
        losing = fsum((1.0 - stale) * _density(new + shift) + stale * _density(more + shift) for shift in shifts)
        return min(log(losing / len(shifts) / sound), MOST_NATS)

    @staticmethod
    def _carried(zone: Zone, off: int) -> int:
        """Return what of a difference is the last one again, rather than new."""
        return zone.before if abs(off - zone.before) < abs(off) else 0

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(60):
            yield _count(day, 200 + (0, 1, -1, 0, -2, 2, 0, 0, -4, 4)[day % 10])

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        for day in range(60, 80):
            yield _count(day, 198 - (0, 3, 1, 5)[day % 4])


def _deviation(zone: Zone) -> float:
    n = float(zone.spread.mean.n)
    usual: float = (10.0 * 2.25 + n * zone.spread.get()) / (10.0 + n)
    return max(1.0, sqrt(usual))


def _density(z: float) -> float:
    """Density of a count's error, in deviations: mostly normal, now and then anything."""
    return (1.0 - STRAY) * exp(-z * z / 2.0) / sqrt(2.0 * pi) + STRAY / 40.0


def _count(day: int, counted: int) -> Row:
    at = day * 86400.0 + 19 * 3600.0
    return {"t": at, "type": "rfid.count", "device": "hh-1", "zone": "A", "counted": counted, "expected": 200}
