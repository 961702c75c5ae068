"""Orders that are changed at the last minute: another lorry, more pallets, another window."""

from collections.abc import Iterable
from math import inf
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentPlanned
from detectors.freight import Order, near, plain
from detectors.reckoning import Facts, Reckoning, sureness, telling, total
from detectors.scene import Scene
from detectors.shipment import story

RUSH_S = 3600.0
"""A change less than this before the window is one of the last minute, s."""
OVER_S = 3 * 3600.0
NOTABLE = 8.5
WARM = 20
"""Orders after which it is known what is usual."""


class AlteredOrder(Detector[ShipmentPlanned]):
    """Compares an order that is booked again with what was booked before.

    Carriers name another lorry half an hour before, customers add pallets, windows move: how often, and how late, is
    learnt over all orders of the site. What counts is several things at once: another lorry, never seen here, for more
    goods, at the last minute or in the night.
    """

    name: ClassVar[str] = "shipment.altered_order"
    title: ClassVar[str] = "order changed at the last minute"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.planned",)
    scope = "site"
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.15
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.reckoning = Reckoning()
        self.orders = 0

    def score_one(self, event: ShipmentPlanned, scene: Scene) -> Sign | None:
        order = _before(event, scene)
        if order is None or self.orders < WARM:
            return None
        case = self.reckoning.weigh(None, _facts(event, order, scene))
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        lead = (event.window_start.timestamp() - scene.time) / 60.0
        facts: Row = {name: round(n, 1) for name, n in case.nats.items()}
        evidence: Row = {"surprise": round(nats, 1), "facts": facts, "order": event.order, "lead_min": round(lead, 1)}
        evidence |= {"plates": list(event.plates), "before": list(order.plates), "value": event.value}
        summary = f"Order {event.order} was changed: {telling(case)}."
        return Sign(0.85 * sureness(nats + 1.0), summary, evidence, key=event.order)

    def learn_one(self, event: ShipmentPlanned, scene: Scene) -> None:
        order = _before(event, scene)
        facts = _facts(event, order, scene) if order is not None else dict.fromkeys(NAMES, "")
        self.orders += order is None
        self.reckoning.learn(self.reckoning.weigh(None, facts), facts)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(12):
            yield from story.ordinary_day(day * 24 * story.HOUR)
        at = 12 * 24 * story.HOUR + 8 * story.HOUR
        yield story.planned(at, "SO-X", at + 8 * story.HOUR, story.PLATES[0])
        yield story.planned(at + 1800, "SO-X", at + 8 * story.HOUR, story.PLATES[1])

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        at = 12 * 24 * story.HOUR + 15.5 * story.HOUR
        yield story.planned(at, "SO-X", at + 900, "QQ99XYZ", pallets=6) | {"carrier": "Night Freight"}


NAMES = ("altered_late", "altered_lorry", "altered_stranger", "altered_goods", "altered_carrier", "altered_hours")


def _before(event: ShipmentPlanned, scene: Scene) -> Order | None:
    """Return the order as it was booked before; not one that is long over and whose number is used again."""
    order = scene.goods.orders.get(event.order)
    return order if order is not None and scene.time < order.end + OVER_S else None


def _facts(event: ShipmentPlanned, order: Order, scene: Scene) -> Facts:
    at, plates = scene.time, [plain(plate) for plate in event.plates]
    lorry = bool(plates) and not any(near(plate, order.plates) for plate in plates)
    stranger = lorry and not any(plate in scene.goods.plates for plate in plates)
    more = len(event.ssccs) > 1.3 * len(order.ssccs) or event.items > 1.3 * order.items
    carrier = event.carrier != order.carrier
    start = event.window_start.timestamp()
    night = not scene.open(start) and scene.open(order.start)
    lead = min(start, order.start) - at if lorry or more or carrier or night else inf
    when = f"{lead / 60:.0f} minutes before its window" if lead > 0 else "after its window had begun"
    return {
        "altered_late": when if lead < RUSH_S else "",
        "altered_lorry": f"lorry {', '.join(plates)} is to fetch it" if lorry else "",
        "altered_stranger": "that lorry was never here" if stranger else "",
        "altered_goods": f"it has grown to {len(event.ssccs)} pallets with {event.items} items" if more else "",
        "altered_carrier": f"{event.carrier} is to carry it" if carrier else "",
        "altered_hours": "its window is now out of hours" if night else "",
    }
