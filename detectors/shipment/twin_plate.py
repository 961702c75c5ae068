"""A plate that comes in although it is already inside, or that almost is another's."""

from collections.abc import Iterable
from typing import ClassVar

from river import stats

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentGate
from detectors.freight import alike, neighbours, plain
from detectors.habit import Habit
from detectors.scene import Scene
from detectors.shipment import story

SURE = 0.85
"""Likelihood from which on a plate counts as read without mistake."""
AGAIN_S = 600.0
"""A lorry that stops and rolls on is read twice within this time, s."""
ABOARD_S = 600.0
"""A pallet that went aboard less than this ago: the lorry is still at its dock, s."""
DUE_S = 3 * 3600.0
WARM = 10
"""Visits after which it is known how long lorries stay."""
STAY_S = 6 * 3600.0


class TwinPlate(Detector[ShipmentGate]):
    """Compares a lorry that comes in with those inside and those registered.

    Leaving lorries go unread now and then, one lorry fetches two orders whose windows overlap, and fleets have
    neighbouring plates; how often either happens at this gate is learnt and lowers the score. The shorter the lorry has
    been inside, by what is usual here, the less can it have left unseen; a pallet going aboard minutes ago says that it
    has not left at all. Badly read plates are not judged, nor are characters that look alike.
    """

    name: ClassVar[str] = "shipment.twin_plate"
    title: ClassVar[str] = "forged plate"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.gate",)
    scope = "site"
    rate: ClassVar[float] = 0.03
    strong: ClassVar[float] = 0.06
    hit: ClassVar[float] = 0.15

    def __init__(self) -> None:
        self.doubles = Habit(0.02)
        self.fakes = Habit(0.005)
        self.stay = stats.Mean()

    def score_one(self, event: ShipmentGate, scene: Scene) -> Sign | None:
        if event.direction != "in" or event.likelihood < SURE:
            return None
        plate = plain(event.plate)
        since = self._inside(plate, scene)
        if since is not None:
            return self._double(plate, since, event.likelihood, scene)
        twin = self._twin(plate, scene)
        if twin is None:
            return None
        score = event.likelihood * 0.008 / (0.008 + self.fakes.probability())
        evidence: Row = {"plate": plate, "registered": twin, "likelihood": event.likelihood}
        return Sign(score, f"Lorry {plate} is one character off the registered {twin}.", evidence, key=plate)

    def _double(self, plate: str, since: float, likelihood: float, scene: Scene) -> Sign | None:
        loaded = scene.time - scene.goods.plates[plate].loaded
        if _orders(plate, scene) > 1 or (loaded > ABOARD_S and since > self._usual_stay()):
            return None
        score = likelihood * 0.01 / (0.01 + self.doubles.probability())
        if loaded <= ABOARD_S:
            score = min(2.0 * score, 0.65)
        summary = f"Lorry {plate} comes in although it has been inside for {since / 60:.0f} minutes."
        return Sign(score, summary, {"plate": plate, "inside_min": round(since / 60, 1)}, key=plate)

    def learn_one(self, event: ShipmentGate, scene: Scene) -> None:
        plate = plain(event.plate)
        if event.direction == "out":
            visit = scene.goods.plates.get(plate)
            if visit is not None and 0.0 < scene.time - visit.entered < STAY_S and visit.left < visit.entered:
                self.stay.update(scene.time - visit.entered)
        elif event.likelihood >= SURE:
            self.doubles.learn(self._inside(plate, scene) is not None)
            self.fakes.learn(self._twin(plate, scene) is not None)

    def _usual_stay(self) -> float:
        """How long a lorry stays here, s."""
        return float(self.stay.get()) if self.stay.n >= WARM else 45 * 60.0

    @staticmethod
    def _inside(plate: str, scene: Scene) -> float | None:
        plates = scene.goods.plates
        visit = plates.get(plate)
        if visit is None or visit.left >= visit.entered:
            return None
        since = scene.time - visit.entered
        if not AGAIN_S < since < STAY_S or any(visit.entered <= plates[one].left for one in neighbours(plate, plates)):
            return None
        return since

    @staticmethod
    def _twin(plate: str, scene: Scene) -> str | None:
        plates = scene.goods.plates
        visit = plates.get(plate)
        if visit is not None and (visit.registered or visit.visits > 1):
            return None
        for other in neighbours(plate, plates):
            if plates[other].registered and not alike(plate, other):
                return other
        return None

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from story.ordinary_day()
        yield story.gate(22 * story.HOUR, "KCDT0491", likelihood=0.51)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from story.ordinary_day()
        yield story.gate(22 * story.HOUR, "KCDT0491", likelihood=0.99)
        yield story.gate(23 * story.HOUR, "KCDT0491", likelihood=0.99)


def _orders(plate: str, scene: Scene) -> int:
    """Count the orders of these hours that the lorry is to fetch."""
    at = scene.time
    orders = scene.goods.orders.values()
    return sum(plate in order.plates and order.start - DUE_S < at < order.end + DUE_S for order in orders)
