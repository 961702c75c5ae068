"""The load of a feed: a circuit switched off, or machines running when nobody should be there."""

from collections.abc import Iterable
from math import exp, log

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.spread import Swift
from detectors.state import Part
from detectors.supply import DEAD_VOLTAGE

FLOOR = 0.03
"""Least deviation of a load's logarithm: a steadier feed is taken as varying by 3 %."""
KNOWN = 10.0
"""Readings after which an hour's level is known."""
DAY_S, WEEK_S = 86400.0, 7 * 86400.0
"""A feed must be known for so long before its falls are judged: by night, and while people work."""
HOUR_SD = 0.12
"""Deviation granted to an hour of the week of which little is known."""
STROKE, STROKE_AT_WORK = 6.0, 7.0
"""Usual steps, in deviations, that a fall must be."""
LOW, LOW_AT_WORK = 1.5, 6.0
"""How far it must end below what the hour usually shows at the least, in deviations."""
TOGETHER_S = 900.0
"""Feeds that fall within this time, s, have lost the same circuit, or what hangs on both."""


class Feed(Part):
    """What is usual on one feed: the level by class of day and hour, the noise around it, the steps of readings."""

    __slots__ = ("deepest", "fell", "first", "hours", "last", "noise", "run", "seen", "steps", "time")

    def __init__(self) -> None:
        self.hours = [0.0] * 72
        self.seen = [0.0] * 72
        self.noise = Swift(2000)
        self.steps = Swift(2000)
        self.last = 0.0
        self.time = 0.0
        self.run = 0
        self.first = 0.0
        self.deepest = [0.0, 0.0]
        self.fell = 0.0

    def level(self, slot: int, away: float) -> float:
        """Return the usual logarithm of the load, `away` hours from the middle of the slot's hour."""
        other = slot // 24 * 24 + (slot + (1 if away > 0.0 else -1)) % 24
        if self.seen[other] < 5.0:
            return self.hours[slot]
        return self.hours[slot] + abs(away) * (self.hours[other] - self.hours[slot])

    def lowest(self, slot: int) -> float:
        """Return the lowest usual logarithm of the load in the slot's hour and the two beside it."""
        first = slot // 24 * 24
        near = (first + (slot - 1) % 24, slot, first + (slot + 1) % 24)
        return min(self.hours[hour] for hour in near if self.seen[hour] or hour == slot)

    def learn(self, slot: int, load: float, known: bool) -> None:
        """Learn the logarithm of a load in an hour; what is far off teaches a known hour little."""
        hour = self.hours[slot]
        seen = self.seen[slot] = self.seen[slot] + 1.0
        off = load - hour
        if known:
            off = max(min(off, 4 * HOUR_SD), -4 * HOUR_SD)
        self.hours[slot] = hour + max(1.0 / seen, 0.02) * off


class Load(Detector[PowerReading]):
    """Fires when the load of a live feed falls far below, or stays far above, what this hour of the week shows.

    Judged on logarithms (a load varies in proportion), against the level of the hour on this class of day (workday,
    Saturday, Sunday) and the variance of what is left. A fall must come suddenly and be deeper than those that this
    feed has shown, in working hours and out of them: when a shift ends its machines stop at one stroke. Out of them
    that is nearly enough, and two feeds that fall together are surer than one. A rise must last four readings and fall
    into closed hours; where the alarm is off somebody is at work, and that is its own news.
    Learns every value pulled to within four deviations, so that an attack teaches little.
    """

    name = "power.load"
    title = "improbable load"
    domain = "power"
    sort = "learnt"
    stage = "supply"
    reads = ("power.reading",)
    rate = 0.02
    hit = 0.2
    explained_by = ("power.mains_loss", "power.on_battery", "power.feed_lost")

    def __init__(self) -> None:
        self.feeds: dict[str, Feed] = {}

    def step(self, event: PowerReading, scene: Scene) -> Sign | None:
        if event.load is None or event.voltage < DEAD_VOLTAGE or event.load < 0:
            return None
        feed = self.feeds.get(event.feed)
        if feed is None:
            feed = self.feeds[event.feed] = Feed()
        gap = scene.time - feed.time
        if gap <= 0.0:
            return None
        load = log(event.load if event.load > 1.0 else 1.0)
        day, hour, minute = scene.wall(scene.time)
        slot = 24 * (day - 4) + hour if day > 4 else hour
        level = feed.level(slot, minute / 60.0 - 0.5)
        known = feed.seen[slot] >= KNOWN
        near = 0.0 < gap < 3600.0
        fall = feed.last - load if near else 0.0
        sign = self._judge(event, feed, load, level, slot, scene) if near and feed.steps.n >= 100 else None
        if known:
            left = load - level
            high = feed.noise.n > 50 and feed.noise.distance(left, FLOOR) > 5.0
            feed.run = feed.run + 1 if high else 0
            feed.noise.learn(feed.noise.tame(left, FLOOR))
        if near:
            feed.steps.learn(feed.steps.tame(load - feed.last, FLOOR))
        if fall > 0.1 and not scene.supply.disturbed(scene.time):
            at_work = scene.hours.expected(scene.local(scene.time))
            feed.deepest[at_work] = max(fall, 0.99 * feed.deepest[at_work])
        feed.first = feed.first or scene.time
        feed.learn(slot, load, known)
        feed.last, feed.time = load, scene.time
        return sign

    def _judge(
        self, event: PowerReading, feed: Feed, load: float, level: float, slot: int, scene: Scene
    ) -> Sign | None:
        fall = -feed.steps.distance(load - feed.last, FLOOR)
        if fall <= STROKE and feed.run != 3:
            return None
        at_work = scene.hours.expected(scene.local(scene.time))
        stroke, low = (STROKE_AT_WORK, LOW_AT_WORK) if at_work else (STROKE, LOW)
        if fall > stroke and feed.seen[slot] >= KNOWN and scene.time - feed.first > (WEEK_S if at_work else DAY_S):
            below = -feed.noise.distance(load - feed.lowest(slot), FLOOR)
            deeper = feed.last - load > 1.2 * feed.deepest[at_work]
            if below > low and deeper and not scene.supply.disturbed(scene.time):
                feed.fell = scene.time
                return self._fall(event, exp(feed.last), min(fall, below) if at_work else fall, at_work)
        if feed.run != 3 or feed.seen[slot] < 2 * KNOWN or scene.armed is False:
            return None
        above = feed.noise.distance(load - level, FLOOR)
        if above <= 5.0 or at_work:
            return None
        usual = exp(level)
        summary = f"Feed {event.feed} carries {event.load:.0f} W at an hour that usually shows {usual:.0f} W."
        numbers: Row = {"load": event.load, "usual": round(usual), "deviations": round(above, 1)}
        return Sign(0.35, summary, numbers, key="high", hour=1.0)

    def _fall(self, event: PowerReading, before: float, deviations: float, at_work: bool) -> Sign:
        load = event.load or 0.0
        fallen = self.feeds[event.feed].fell
        others = sum(abs(fallen - feed.fell) < TOGETHER_S for feed in self.feeds.values()) - 1
        score = min(0.3 + 0.04 * (deviations - 6.0) + 0.15 * others, 0.7) * (0.5 if at_work else 1.0)
        summary = f"The load of feed {event.feed} fell from {before:.0f} W to {load:.0f} W at one stroke."
        return Sign(
            score, summary, {"load": load, "before": round(before), "deviations": round(deviations, 1)}, key="fall"
        )

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(200):
            yield _reading(step * 180, 5000.0 + 100.0 * (step % 5))
        yield _reading(200 * 180, 0.0, voltage=0.0)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(520):
            yield _reading(step * 180, 5000.0 + 100.0 * (step % 5))
        yield _reading(520 * 180, 2900.0)


def _reading(t: int, load: float, voltage: float = 230.0) -> Row:
    row: Row = {"t": t, "type": "power.reading", "device": "m-ups", "feed": "ups", "voltage": voltage}
    return {**row, "frequency": 50.0, "load": load}
