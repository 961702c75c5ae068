"""One grid feed of several is dead while another carries the site."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.supply import DEAD_VOLTAGE


class FeedLost(Detector[PowerReading]):
    """Fires when a feed that was live reads no voltage and the site still has another grid feed.

    A single feed fails now and then: switching at the utility, a tripped breaker, works. A thief who knows the site
    cuts both, often one after the other.
    """

    name = "power.feed_lost"
    title = "one grid feed dead"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.reading",)
    scope = "site"
    rate = 0.05
    hit = 0.6
    memory_s = 2 * 3600.0

    def __init__(self) -> None:
        self.live: dict[str, bool] = {}

    def score_one(self, event: PowerReading, scene: Scene) -> Sign | None:
        if event.voltage >= DEAD_VOLTAGE or not event.feed.startswith("grid") or not self.live.get(event.feed):
            return None
        others = [feed for feed, live in self.live.items() if live and feed != event.feed]
        if not others:
            return None
        return Sign(
            0.3 if scene.open(scene.time) else 0.5,
            f"Feed {event.feed} is dead; {' and '.join(sorted(others))} still carries the site.",
            {"feed": event.feed, "voltage": event.voltage, "live": sorted(others)},
            key=event.feed,
        )

    def learn_one(self, event: PowerReading, scene: Scene) -> None:
        if event.feed.startswith("grid"):
            self.live[event.feed] = event.voltage >= DEAD_VOLTAGE

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
