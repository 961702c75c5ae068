"""A lorry that comes or goes when none should, or leaves with goods that nobody signed off."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentGate
from detectors.freight import Visit, masks, plain
from detectors.reckoning import Case, Facts, Reckoning, hour, of_time, score, telling, total
from detectors.scene import Scene
from detectors.shipment import story

SURE = 0.6
"""Likelihood from which on a plate is read well enough to be looked up."""
LEAST_GATES = 20
DUE_S = 3 * 3600.0
ANOTHER_S, LATELY_S = 6 * 3600.0, 10 * 86400.0
"""How long ago a lorry was here before for this to be another time, and to be remembered, s."""
NOTABLE = 7.0
EASIER = 3.0
"""A gate has far fewer ways to be odd than a loading."""


class UnexpectedLorry(Detector[ShipmentGate]):
    """Reconciles each lorry at the gate with the orders due, its departure, the site's hours and the intruder alarm.

    Visitors, suppliers and early birds come every day; how often at which hours is learnt. A lorry that was loaded and
    passes the gate with no departure booked is odd where departures are always booked. Badly read plates are judged by
    the time alone.
    """

    name: ClassVar[str] = "shipment.unexpected_lorry"
    title: ClassVar[str] = "lorry at the gate out of hours or not signed off"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.gate",)
    scope = "site"
    rate: ClassVar[float] = 0.02
    hit: ClassVar[float] = 0.2

    def __init__(self) -> None:
        self.reckoning = Reckoning()

    def score_one(self, event: ShipmentGate, scene: Scene) -> Sign | None:
        return self._sign(event, self.reckoning.weigh(None, self._facts(event, scene)))

    def learn_one(self, event: ShipmentGate, scene: Scene) -> None:
        facts = self._facts(event, scene)
        self.reckoning.learn(self.reckoning.weigh(None, facts), facts)

    def step(self, event: ShipmentGate, scene: Scene) -> Sign | None:
        """Score, then learn; gathers the facts only once."""
        facts = self._facts(event, scene)
        case = self.reckoning.weigh(None, facts)
        self.reckoning.learn(case, facts)
        return self._sign(event, case) if scene.goods.gates >= LEAST_GATES else None

    @staticmethod
    def _sign(event: ShipmentGate, case: Case) -> Sign | None:
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        evidence: Row = {"surprise": round(nats, 1), "facts": {name: round(n, 1) for name, n in case.nats.items()}}
        evidence |= {"plate": event.plate, "direction": event.direction, "likelihood": event.likelihood}
        way = "comes in" if event.direction == "in" else "leaves"
        summary = f"Lorry {event.plate} {way}: {telling(case)}."
        return Sign(score(case, EASIER), summary, evidence, key=event.direction, hour=hour(case))

    @staticmethod
    def _facts(event: ShipmentGate, scene: Scene) -> Facts:
        goods, at, facts = scene.goods, scene.time, of_time(scene)
        if event.likelihood < SURE:
            return facts
        plate = plain(event.plate)
        visit = goods.plates.get(plate)
        if event.direction == "in":
            strange = not _expected(plate, scene)
            facts["unexpected"] = "no order due names it" if strange else ""
            again = visit is not None and ANOTHER_S < at - visit.entered < LATELY_S and not scene.open(visit.entered)
            facts["returns"] = "it was here out of hours before" if strange and again and facts["closed"] else ""
        elif visit is not None and visit.loaded > visit.entered > at - 12 * 3600.0:
            facts["not_signed_off"] = "" if _signed_off(visit, at) else "it was loaded and no departure is booked"
        return facts

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(5):
            yield from story.ordinary_day(day * 24 * story.HOUR)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        yield story.gate(4 * 24 * story.HOUR + 26 * story.HOUR, "QQ99XYZ")


def _expected(plate: str, scene: Scene) -> bool:
    """Whether an order that is due names this plate, or one that a camera may take for it."""
    at, wanted = scene.time, set(masks(plate))
    return any(
        plate in order.plates or any(wanted.intersection(masks(other)) for other in order.plates)
        for order in scene.goods.orders.values()
        if order.start - DUE_S <= at <= order.end + DUE_S
    )


def _signed_off(visit: Visit, at: float) -> bool:
    return visit.departed >= visit.entered and visit.departed > at - 12 * 3600.0
