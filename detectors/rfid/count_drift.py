"""Stock that shrinks a little every day."""

from collections.abc import Iterable
from math import exp, log, pi, sqrt
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
SHIFTS = (0.5, 1.0, 2.0, 4.0)
"""What a loss may be, in usual deviations of a count: each has a sum of its own, for a thief keeps to his pace."""
MOST_NATS = 2.0
"""The most that one count says: however short, it may have left out an aisle."""
ROUND_S, MOST_A_ROUND = 12 * 3600.0, 4.0
"""Counts of one round, so long at the most, share their errors, for they share a reader and somebody in a hurry; so
much, in nats, is the most that they say together."""
WARM = 4
"""Counts of a zone after which its usual error is known."""
NOTABLE = 2.0
"""Usual deviations from which on a difference is one of the books, and tells whether they are corrected here."""
SUSPECT = 0.25
"""How much is learnt of the usual error while a loss is suspected."""
STRAY = 0.05
"""Share of counts that say nothing: an aisle left out, a delivery not yet booked."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Chart(Part):
    """What the counts of a zone, or of all of them, say in favour of a steady loss of each of the `SHIFTS`.

    Attributes
    ----------
    nats
        The sums; each starts afresh where its loss is no likelier than none.
    units, since
        Pieces missed since then, and when it was, Unix seconds.
    room
        What the round under way may still add to each, nats.
    began
        When it began, Unix seconds.
    """

    __slots__ = ("began", "nats", "room", "since", "units")

    def __init__(self, at: float) -> None:
        self.nats = [0.0] * len(SHIFTS)
        self.units = [0] * len(SHIFTS)
        self.since = [at] * len(SHIFTS)
        self.room = [MOST_A_ROUND] * len(SHIFTS)
        self.began = at

    def plus(self, gains: list[float], lost: int, at: float) -> "Chart":
        """Return the chart with one more count."""
        made = Chart(at)
        if abs(at - self.began) <= ROUND_S:
            made.began, made.room = self.began, list(self.room)
        for n, gain in enumerate(gains):
            gain = min(gain, made.room[n])
            made.room[n] = min(made.room[n] - gain, MOST_A_ROUND)
            if self.nats[n] + gain > 0.0:
                made.nats[n] = self.nats[n] + gain
                made.units[n], made.since[n] = self.units[n] + lost, self.since[n]
        return made

    def best(self) -> int:
        """Say which of the shifts has most in its favour."""
        return max(range(len(SHIFTS)), key=lambda n: self.nats[n])


@mypyc_attr(allow_interpreted_subclasses=True)
class Zone(Part):
    """The differences counted in one zone; `before` is the last one."""

    __slots__ = ("before", "chart", "spread")

    def __init__(self, at: float) -> None:
        self.spread = stats.Var()
        self.chart = Chart(at)
        self.before = 0


class CountDrift(Detector[RfidCount]):
    """Weighs a steady loss against miscounts, zone by zone and over all zones (CUSUMs of log-likelihood ratios).

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
        self.chart = Chart(0.0)
        self.stale = Habit(0.25, 10.0)

    def score_one(self, event: RfidCount, scene: Scene) -> Sign | None:
        zone = self.zones.get(event.zone)
        if zone is None or event.counted >= event.expected:
            return None
        here, everywhere = self._charts(zone, event, scene.time)
        found = max(here, everywhere, key=_nats)
        best, nats = found.best(), _nats(found)
        if nats <= LIMIT:
            return None
        days = max(1, round((scene.time - found.since[best]) / 86400.0))
        evidence: Row = {"zone": event.zone, "missing": found.units[best], "nats": round(nats, 2), "days": days}
        evidence |= {"counted": event.counted, "expected": event.expected}
        where = f"of zone {event.zone}" if found is here else "of several zones"
        summary = f"Counts {where} have fallen short again and again: {found.units[best]} pieces within {days} days."
        key = event.zone if found is here else ""
        return Sign(1.0 - 0.8 * exp((LIMIT - nats) / 4.0), summary, evidence, key=key)

    def learn_one(self, event: RfidCount, scene: Scene) -> None:
        zone = self.zones.pop(event.zone, None)
        if zone is None:
            zone = Zone(scene.time)
            if len(self.zones) >= MOST_ZONES:
                del self.zones[next(iter(self.zones))]
        self.zones[event.zone] = zone
        zone.chart, self.chart = self._charts(zone, event, scene.time)
        off = event.counted - event.expected
        if abs(zone.before) > NOTABLE * _deviation(zone):
            self.stale.learn(abs(off - zone.before) < abs(off))
        bound = 3.0 * _deviation(zone)
        share = SUSPECT if max(_nats(zone.chart), _nats(self.chart)) > 2.0 else 1.0
        zone.spread.update(min(max(float(off - self._carried(zone, off)), -bound), bound), share)
        zone.before = off

    def _charts(self, zone: Zone, event: RfidCount, at: float) -> tuple[Chart, Chart]:
        """Return the zone's chart and that of all zones with this count."""
        off = event.counted - event.expected
        lost = self._carried(zone, off) - off
        gains = self._ratios(zone, off)
        return zone.chart.plus(gains, lost, at), self.chart.plus(gains, lost, at)

    def _ratios(self, zone: Zone, off: int) -> list[float]:
        """Return the log-likelihood ratio of a loss of each shift at every count against none."""
        seen = float(zone.spread.mean.n)
        if seen < WARM:
            return [0.0] * len(SHIFTS)
        deviation, stale = _deviation(zone), self.stale.probability()
        usual = min(zone.spread.mean.get() * seen / (5.0 + seen), 0.0)
        new, more = (off - usual) / deviation, (off - zone.before - usual) / deviation
        sound = (1.0 - stale) * _density(new) + stale * _density(more)
        losing = [(1.0 - stale) * _density(new + shift) + stale * _density(more + shift) for shift in SHIFTS]
        return [min(log(one / sound), MOST_NATS) for one in losing]

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


def _nats(chart: Chart) -> float:
    return max(chart.nats)


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
