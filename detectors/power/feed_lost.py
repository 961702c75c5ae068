"""One grid feed of several is dead while another carries the site."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.supply import DEAD_VOLTAGE


class FeedLost(Detector[PowerReading]):
    """Fires when a feed that was live reads no voltage and the site still has another grid feed.

    A single feed fails now and then: switching at the utility, a tripped breaker, works. A thief who knows the site
    cuts both, often one after the other. A feed that the site declares and that was never seen live is a weak sign.
    """

    name = "power.feed_lost"
    title = "one grid feed dead"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.reading",)
    scope = "site"
    rate = 0.05
    hit = 0.25
    memory_s = 2 * 3600.0

    def __init__(self) -> None:
        self.live: dict[str, bool] = {}
        self.never: dict[str, int] = {}

    def score_one(self, event: PowerReading, scene: Scene) -> Sign | None:
        feed = event.feed
        if event.voltage >= DEAD_VOLTAGE or not feed.startswith("grid"):
            return None
        others = [feed for feed, live in self.live.items() if live and feed != event.feed]
        if not others:
            return None
        if not self.live.get(feed):
            if feed not in scene.feeds or self.never.get(feed) != 1:
                return None
            summary = f"Feed {feed}, which the site declares, has been dead since it was first heard of."
            return Sign(0.15, summary, {"feed": feed, "voltage": event.voltage}, key=feed)
        return Sign(
            0.3 if scene.open(scene.time) else 0.5,
            f"Feed {event.feed} is dead; {' and '.join(sorted(others))} still carries the site.",
            {"feed": event.feed, "voltage": event.voltage, "live": sorted(others)},
            key=event.feed,
        )

    def learn_one(self, event: PowerReading, scene: Scene) -> None:
        feed = event.feed
        if feed.startswith("grid"):
            if event.voltage < DEAD_VOLTAGE and (feed not in self.live or feed in self.never):
                self.never[feed] = self.never.get(feed, 0) + 1
            else:
                self.never.pop(feed, None)
            self.live[feed] = event.voltage >= DEAD_VOLTAGE

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for t in range(0, 1800, 180):
            yield {**_reading("a", t), "voltage": 231.0 - (30.0 if t == 900 else 0.0)}
            yield {
                "t": t + 2,
                "type": "power.reading",
                "device": "g",
                "feed": "generator",
                "voltage": 0,
                "frequency": 0,
            }

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {**_reading("a", 0), "voltage": 231.0}
        yield {**_reading("b", 2), "voltage": 229.0}
        yield {**_reading("a", 180), "voltage": 0.9, "frequency": 0.0, "load": 0}


def _reading(feed: str, t: int) -> Row:
    return {"t": t, "type": "power.reading", "device": f"m-{feed}", "feed": f"grid-{feed}", "frequency": 50.0}
