"""A load unlike anything that this feed has shown: in level, in change, in unrest, or for the hour of the day."""

from collections.abc import Iterable

from mypy_extensions import mypyc_attr
from river import stats

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.state import Part
from detectors.supply import DEAD_VOLTAGE
from detectors.univariate import factory

WINDOW_S = 300.0
"""Length of the means that are judged, s."""
NOTABLE = 0.35
"""Novelty of a mean from which on it is told: seldom reached by chance in weeks of five-minute means."""
AHEAD_S = 3600.0
"""Readings whose clock is further ahead of their arrival are left out, s."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Profile(Part):
    """The mean of the window that is being filled, the one before, and the records of all before."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.mean = stats.Mean()
        self.before = 0.0
        self.novelty = factory()


class LoadProfile(Detector[PowerReading]):
    """Feeds five-minute means of each feed's load to the univariate detector.

    Where `power.load` knows what a switched-off circuit and a machine at night look like, this knows nothing and is
    struck by whatever is new. Stations, heating and a first busy Saturday are new as well, so it is weak evidence.
    """

    name = "power.load_profile"
    title = "load unlike its past"
    domain = "power"
    sort = "learnt"
    stage = "supply"
    reads = ("power.reading",)
    rate = 0.03
    hit = 0.05
    explained_by = ("power.mains_loss", "power.on_battery", "power.feed_lost")

    def __init__(self) -> None:
        self.feeds: dict[str, Profile] = {}

    def step(self, event: PowerReading, scene: Scene) -> Sign | None:
        if event.load is None or event.voltage < DEAD_VOLTAGE or scene.time > scene.clock + AHEAD_S:
            return None
        start = scene.time // WINDOW_S * WINDOW_S
        profile = self.feeds.get(event.feed)
        if profile is None:
            profile = self.feeds[event.feed] = Profile(start)
        sign = self._close(event.feed, profile, start, scene) if start > profile.start else None
        if start == profile.start:
            profile.mean.update(event.load)
        return sign

    def _close(self, feed: str, profile: Profile, start: float, scene: Scene) -> Sign | None:
        load, before = profile.mean.get(), profile.before
        score = profile.novelty.update(load, scene.local(profile.start))
        profile.start, profile.mean, profile.before = start, stats.Mean(), load
        if score < NOTABLE or scene.supply.disturbed(scene.time):
            return None
        summary = f"The load of feed {feed}, {load:.0f} W over five minutes, is unlike all that it has shown so far."
        evidence = {"load": round(load), "before": round(before), "novelty": round(score, 2)}
        return Sign(0.5 * score, summary, evidence, key=feed)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _days(6)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _days(6)
        for n in range(3):
            yield _reading(6 * 1440 + 15 * n, 14000.0)


def _days(days: int) -> Iterable[Row]:
    for minute in range(0, days * 1440, 15):
        work = 4000.0 if 7 <= minute // 60 % 24 < 19 else 0.0
        yield _reading(minute, 5000.0 + work + 40.0 * (minute // 15 * 7 % 11))


def _reading(minute: int, load: float) -> Row:
    row: Row = {"t": 60.0 * minute, "type": "power.reading", "device": "m-1", "feed": "grid-a"}
    return row | {"voltage": 230.0, "frequency": 50.0, "load": load}
