"""The generator should run, for the grid is gone, and does not."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import PowerReading
from detectors.scene import Scene
from detectors.supply import DEAD_VOLTAGE

START_S = 90.0
"""A standby generator carries the site by then: EN 12101 and NFPA 110 ask for 10–60 s."""


class GeneratorFailed(Detector[PowerReading]):
    """Fires when a generator still gives no voltage some time after the last grid feed died."""

    name = "power.generator_failed"
    title = "generator does not start"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.reading",)
    scope = "site"
    rate = 0.003
    hit = 0.15

    def __init__(self) -> None:
        self.grid: dict[str, bool] = {}
        self.lost = 0.0
        self.told = False

    def score_one(self, event: PowerReading, scene: Scene) -> Sign | None:
        if event.feed != "generator" or event.voltage >= DEAD_VOLTAGE or not self.lost or self.told:
            return None
        waited = scene.time - self.lost
        if waited < START_S:
            return None
        summary = f"The grid has been gone for {waited / 60.0:.0f} minutes and the generator does not run."
        return Sign(0.7, summary, {"waited_s": round(waited, 1), "voltage": event.voltage}, key="generator")

    def learn_one(self, event: PowerReading, scene: Scene) -> None:
        live = event.voltage >= DEAD_VOLTAGE
        if event.feed == "generator":
            self.told = self.told or bool(self.lost and not live and scene.time - self.lost >= START_S)
        elif event.feed.startswith("grid") and (live or event.feed in self.grid):
            self.grid[event.feed] = live
            if any(self.grid.values()):
                self.lost = 0.0
                self.told = False
            elif not self.lost:
                self.lost = scene.time

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield _reading("grid-a", 0, 230.0)
        yield _reading("generator", 5, 0.0)
        yield _reading("grid-a", 180, 0.0)
        yield _reading("generator", 200, 0.0)
        yield _reading("generator", 300, 229.0)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _reading("grid-a", 0, 230.0)
        yield _reading("generator", 5, 0.0)
        yield _reading("grid-a", 180, 0.0)
        yield _reading("generator", 905, 0.0)


def _reading(feed: str, t: int, voltage: float) -> Row:
    hertz = 50.0 if voltage > 0 else 0.0
    return {
        "t": t,
        "type": "power.reading",
        "device": f"m-{feed}",
        "feed": feed,
        "voltage": voltage,
        "frequency": hertz,
    }
