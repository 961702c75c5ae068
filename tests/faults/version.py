"""The next version of the detectors: one is new, one has learnt to remember something more."""

from collections.abc import Iterable

from detectors.base import Detector, Row
from detectors.scene import Scene
from detectors.supply import Supply
from streams.telemetry.power import PowerReading
from tests.faults.sabotage import swap

init = Supply.__init__


def remembering(self: Supply) -> None:
    init(self)
    vars(self)["remembered"] = {"readings": 0}


swap(Supply, __init__=remembering)


class Count(Detector[PowerReading]):
    name = "power.count"
    title = "counts readings"
    domain = "power"
    sort = "learnt"
    stage = "supply"
    reads = ("power.reading",)
    rate = 1.0
    hit = 0.1

    def __init__(self) -> None:
        self.count = 0

    def learn_one(self, event: PowerReading, scene: Scene) -> None:
        self.count += 1

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        return ()

    @classmethod
    def firing(cls) -> Iterable[Row]:
        return ()
