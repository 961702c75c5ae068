"""The load of a feed: a circuit switched off, or machines running when nobody should be there."""

from collections.abc import Iterable
from datetime import timedelta
from math import exp, log

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.spread import Spread
from detectors.state import part
from detectors.supply import DEAD_VOLTAGE

FLOOR = 0.03
"""Least deviation of a load's logarithm: a steadier feed is taken as varying by 3 %."""
HOUR_SD = 0.12
"""Deviation granted to an hour of the week of which little is known."""


@part
class Feed:
    """What is usual on one feed: the level by class of day and hour, the noise around it, the steps of readings."""

    __slots__ = ("hours", "last", "noise", "run", "seen", "steps", "time")

    def __init__(self) -> None:
        self.hours = [0.0] * 72
        self.seen = [0.0] * 72
        self.noise = Spread(2000)
        self.steps = Spread(2000)
        self.last = 0.0
        self.time = 0.0
        self.run = 0


class Load(Detector[PowerReading]):
    """Fires when the load of a live feed falls far below, or stays far above, what this hour of the week shows.

    Judged on logarithms (a load varies in proportion), against the level of the hour on this class of day (workday,
    Saturday, Sunday) and river's variance of what is left. A fall must come suddenly, a rise must last four readings
    and fall into closed hours. Learns every value pulled to within four deviations, so that an attack teaches little.
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

    def score_one(self, event: PowerReading, scene: Scene) -> Sign | None:
        feed = self.feeds.get(event.feed)
        if feed is None or event.load is None or event.voltage < DEAD_VOLTAGE or feed.steps.n < 100:
            return None
        if not 0.0 < scene.time - feed.time < 3600.0:
            return None
        load = log(max(event.load, 1.0))
        slot = self._slot(scene)
        level = self._level(feed, slot, scene)
        fall = -feed.steps.distance(load - feed.last, FLOOR)
        below = -feed.noise.distance(load - level, FLOOR) if feed.seen[slot] >= 10.0 else fall
        if fall > 7.0 and below > 6.0 and not scene.supply.disturbed(scene.time):
            return self._fall(event, exp(feed.last), min(fall, below))
        above = feed.noise.distance(load - level, FLOOR)
        if feed.run == 3 and above > 5.0 and feed.seen[slot] >= 20.0 and not self._busy(scene):
            usual = exp(level)
            summary = f"Feed {event.feed} carries {event.load:.0f} W at an hour that usually shows {usual:.0f} W."
            return Sign(
                0.35, summary, {"load": event.load, "usual": round(usual), "deviations": round(above, 1)}, key="high"
            )
        return None

    def learn_one(self, event: PowerReading, scene: Scene) -> None:
        if event.load is None or event.voltage < DEAD_VOLTAGE or event.load < 0:
            return
        feed = self.feeds.get(event.feed)
        if feed is None:
            feed = self.feeds[event.feed] = Feed()
        if scene.time <= feed.time:
            return
        load = log(max(event.load, 1.0))
        slot = self._slot(scene)
        seen = feed.seen[slot]
        if seen >= 10.0:
            left = load - self._level(feed, slot, scene)
            feed.run = feed.run + 1 if feed.noise.n > 50 and feed.noise.distance(left, FLOOR) > 5.0 else 0
            feed.noise.learn(feed.noise.tame(left, FLOOR))
            load_taught = feed.hours[slot] + max(min(load - feed.hours[slot], 4 * HOUR_SD), -4 * HOUR_SD)
        else:
            load_taught = load
        if 0.0 < scene.time - feed.time < 3600.0:
            feed.steps.learn(feed.steps.tame(load - feed.last, FLOOR))
        feed.seen[slot] = seen + 1.0
        feed.hours[slot] += max(1.0 / feed.seen[slot], 0.02) * (load_taught - feed.hours[slot])
        feed.last, feed.time = load, scene.time

    def _slot(self, scene: Scene) -> int:
        local = scene.local(scene.time)
        return max(local.weekday() - 4, 0) * 24 + local.hour

    def _level(self, feed: Feed, slot: int, scene: Scene) -> float:
        """Return the expected logarithm of the load, between the middles of this hour and the nearer one beside it."""
        local = scene.local(scene.time)
        away = local.minute / 60.0 - 0.5
        near = local + timedelta(hours=1 if away > 0 else -1)
        other = max(near.weekday() - 4, 0) * 24 + near.hour
        if feed.seen[other] < 5.0:
            return feed.hours[slot]
        return feed.hours[slot] + abs(away) * (feed.hours[other] - feed.hours[slot])

    def _busy(self, scene: Scene) -> bool:
        return scene.open(scene.time) or scene.hours.worked(scene.local(scene.time))

    def _fall(self, event: PowerReading, before: float, deviations: float) -> Sign:
        load = event.load or 0.0
        score = min(0.3 + 0.04 * (deviations - 6.0), 0.7)
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
        for step in range(200):
            yield _reading(step * 180, 5000.0 + 100.0 * (step % 5))
        yield _reading(200 * 180, 2900.0)


def _reading(t: int, load: float, voltage: float = 230.0) -> Row:
    row: Row = {"t": t, "type": "power.reading", "device": "m-ups", "feed": "ups", "voltage": voltage}
    return {**row, "frequency": 50.0, "load": load}
