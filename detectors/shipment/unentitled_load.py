"""Pallets that go over a dock with no right to."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentLoaded
from detectors.reckoning import NOTABLE, Case, Facts, Reckoning, hour, score, telling, total
from detectors.scene import Scene
from detectors.shipment import story
from detectors.shipment.facts import of_loading

MOST_DOCKS = 100


class UnentitledLoad(Detector[ShipmentLoaded]):
    """Reconciles each pallet with orders, lorries, tags, hours and the intruder alarm.

    Any one thing being off is everyday life: subcontracted lorries, orders booked afterwards, overtime, unread tags.
    How often, differs from site to site and is learnt; what is judged is how improbable it is that so much is off at
    once. A loading is judged pallet by pallet, so that it is named while the lorry still stands there.
    """

    name: ClassVar[str] = "shipment.unentitled_load"
    title: ClassVar[str] = "loading with no right to"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "egress"
    reads: ClassVar[tuple[str, ...]] = ("shipment.loaded",)
    scope = "site"
    rate: ClassVar[float] = 0.02
    hit: ClassVar[float] = 0.8
    alone: ClassVar[bool] = True
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.reckoning = Reckoning()
        self.cases: dict[str, Case] = {}

    def score_one(self, event: ShipmentLoaded, scene: Scene) -> Sign | None:
        return self._sign(event, self.reckoning.weigh(self._case(event, scene), of_loading(event, scene)))

    def learn_one(self, event: ShipmentLoaded, scene: Scene) -> None:
        facts = of_loading(event, scene)
        self._learn(event, self.reckoning.weigh(self._case(event, scene), facts), facts)

    def step(self, event: ShipmentLoaded, scene: Scene) -> Sign | None:
        """Score, then learn; gathers the facts only once."""
        facts = of_loading(event, scene)
        case = self.reckoning.weigh(self._case(event, scene), facts)
        sign = self._sign(event, case)
        self._learn(event, case, facts)
        return sign

    def _sign(self, event: ShipmentLoaded, case: Case) -> Sign | None:
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        evidence: Row = {"surprise": round(nats, 1), "facts": {name: round(n, 1) for name, n in case.nats.items()}}
        evidence |= {"dock": event.dock, "order": event.order, "plate": event.plate, "sscc": event.sscc}
        goes = f"A pallet goes over dock {event.dock} and should not: {telling(case)}."
        return Sign(score(case), goes, evidence, key=event.dock, hour=hour(case))

    def _learn(self, event: ShipmentLoaded, case: Case, facts: Facts) -> None:
        self.reckoning.learn(case, facts)
        self.cases.pop(event.dock, None)
        self.cases[event.dock] = case
        if len(self.cases) > MOST_DOCKS:
            del self.cases[next(iter(self.cases))]

    def _case(self, event: ShipmentLoaded, scene: Scene) -> Case | None:
        return self.cases.get(event.dock) if scene.goods.loading(event, scene.time) is not None else None

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        return story.ordinary_day()

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from story.ordinary_day()
        yield from story.night_load()
