"""A vehicle that leaves with goods and no right to them."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentDeparted
from detectors.reckoning import NOTABLE, Reckoning, hour, score, telling, total
from detectors.scene import Scene
from detectors.shipment import story
from detectors.shipment.facts import of_departure


class UnentitledDeparture(Detector[ShipmentDeparted]):
    """Reconciles each departure with its order, its lorry, what was loaded, hours and the intruder alarm.

    The sibling of `shipment.unentitled_load` for sites that book plates and numbers only when the lorry leaves; see
    there for how facts are weighed.
    """

    name: ClassVar[str] = "shipment.unentitled_departure"
    title: ClassVar[str] = "departure with no right to"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "egress"
    reads: ClassVar[tuple[str, ...]] = ("shipment.departed",)
    scope = "site"
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.5
    alone: ClassVar[bool] = True
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.reckoning = Reckoning()

    def score_one(self, event: ShipmentDeparted, scene: Scene) -> Sign | None:
        case = self.reckoning.weigh(None, of_departure(event, scene))
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        evidence: Row = {"surprise": round(nats, 1), "facts": {name: round(n, 1) for name, n in case.nats.items()}}
        evidence |= {"order": event.order, "plate": event.plate, "pallets": event.pallets, "items": event.items}
        leaves = f"Lorry {event.plate} leaves with {event.pallets} pallets and should not: {telling(case)}."
        return Sign(score(case), leaves, evidence, key=event.plate, hour=hour(case))

    def learn_one(self, event: ShipmentDeparted, scene: Scene) -> None:
        facts = of_departure(event, scene)
        self.reckoning.learn(self.reckoning.weigh(None, facts), facts)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        return story.ordinary_day()

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from story.ordinary_day()
        yield from story.night_load()
