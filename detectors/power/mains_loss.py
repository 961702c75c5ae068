"""Every grid feed of the site is dead."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.supply import DEAD_VOLTAGE

STALE_S = 3 * 3600.0
"""A feed not read for so long is not asked."""


class MainsLoss(Detector[PowerReading]):
    """Fires when the meters show no grid feed live any more.

    Feeds that were live before count at once. One that never was may not be in use: only when no grid feed at all has
    been live since the site is known, and the second reading says so, too, it counts, and less. What a UPS tells sooner
    is `power.on_battery`.
    """

    name = "power.mains_loss"
    title = "all grid feeds dead"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.reading",)
    scope = "site"
    rate = 0.015
    strong = 1.0
    hit = 0.3
    memory_s = 2 * 3600.0

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.dead: dict[str, float] = {}
        self.never: dict[str, int] = {}

    def score_one(self, event: PowerReading, scene: Scene) -> Sign | None:
        feed = event.feed
        if event.voltage >= DEAD_VOLTAGE or feed in self.dead or not feed.startswith("grid"):
            return None
        if feed not in self.seen:
            return None if self.seen or self.never.get(feed) != 1 else _unborn(event)
        others = [name for name, at in self.seen.items() if name != feed and scene.time - at < STALE_S]
        if any(name not in self.dead for name in others):
            return None
        feeds = sorted([feed, *others])
        return Sign(
            0.9,
            f"The site has lost the public grid: {' and '.join(feeds)} {'is' if len(feeds) == 1 else 'are'} dead.",
            {"feeds": feeds, "voltage": event.voltage, "first_dead": min([*self.dead.values(), scene.time])},
            key="mains",
        )

    def learn_one(self, event: PowerReading, scene: Scene) -> None:
        feed = event.feed
        if not feed.startswith("grid"):
            return
        if event.voltage >= DEAD_VOLTAGE:
            self.seen[feed] = scene.time
            self.dead.pop(feed, None)
        elif feed in self.seen:
            self.seen[feed] = scene.time
            self.dead.setdefault(feed, scene.time)
        else:
            self.never[feed] = self.never.get(feed, 0) + 1

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for t in range(0, 1800, 180):
            yield _reading("a", t, 231.0 if t < 900 else 0.4)
            yield _reading("b", t + 2, 229.0 if t != 720 else 195.0)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _reading("a", 0, 231.0)
        yield _reading("b", 2, 229.0)
        yield _reading("a", 180, 0.9)
        yield _reading("b", 182, 2.5)


def _unborn(event: PowerReading) -> Sign:
    summary = f"The public grid has been dead since the site was first heard of: {event.feed} has no voltage."
    return Sign(0.5, summary, {"feeds": [event.feed], "voltage": event.voltage}, key="mains")


def _reading(feed: str, t: int, voltage: float) -> Row:
    hertz = 50.0 if voltage > DEAD_VOLTAGE else 0.0
    kind = {"type": "power.reading", "device": f"m-{feed}", "feed": f"grid-{feed}"}
    return {**kind, "t": t, "voltage": voltage, "frequency": hertz}
