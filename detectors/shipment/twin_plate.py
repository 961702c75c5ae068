"""A plate that comes in although it is already inside, or that almost is another's."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentGate
from detectors.freight import alike, differing, plain
from detectors.habit import Habit
from detectors.scene import Scene
from detectors.shipment import story

SURE = 0.85
"""Likelihood from which on a plate counts as read without mistake."""
AGAIN_S = 600.0
"""A lorry that stops and rolls on is read twice within this time, s."""
STAY_S = 6 * 3600.0


class TwinPlate(Detector[ShipmentGate]):
    """Compares a lorry that comes in with those inside and those registered.

    Leaving lorries go unread now and then, and fleets have neighbouring plates; how often either happens at this gate
    is learnt and lowers the score. Badly read plates are not judged, nor are characters that look alike.
    """

    name: ClassVar[str] = "shipment.twin_plate"
    title: ClassVar[str] = "forged plate"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.gate",)
    scope = "site"
    rate: ClassVar[float] = 0.02
    hit: ClassVar[float] = 0.15

    def __init__(self) -> None:
        self.doubles = Habit(0.02)
        self.fakes = Habit(0.005)

    def score_one(self, event: ShipmentGate, scene: Scene) -> Sign | None:
        if event.direction != "in" or event.likelihood < SURE:
            return None
        plate = plain(event.plate)
        since = self._inside(plate, scene)
        if since is not None:
            score = event.likelihood * 0.01 / (0.01 + self.doubles.probability())
            summary = f"Lorry {plate} comes in although it has been inside for {since / 60:.0f} minutes."
            return Sign(score, summary, {"plate": plate, "inside_min": round(since / 60, 1)}, key=plate)
        twin = self._twin(plate, scene)
        if twin is None:
            return None
        score = event.likelihood * 0.008 / (0.008 + self.fakes.probability())
        evidence: Row = {"plate": plate, "registered": twin, "likelihood": event.likelihood}
        return Sign(score, f"Lorry {plate} is one character off the registered {twin}.", evidence, key=plate)

    def learn_one(self, event: ShipmentGate, scene: Scene) -> None:
        if event.direction == "in" and event.likelihood >= SURE:
            plate = plain(event.plate)
            self.doubles.learn(self._inside(plate, scene) is not None)
            self.fakes.learn(self._twin(plate, scene) is not None)

    @staticmethod
    def _inside(plate: str, scene: Scene) -> float | None:
        visit = scene.goods.plates.get(plate)
        if visit is None or visit.left >= visit.entered:
            return None
        since = scene.time - visit.entered
        if not AGAIN_S < since < STAY_S or any(
            visit.entered <= other.left and differing(plate, name) == 1 for name, other in scene.goods.plates.items()
        ):
            return None
        return since

    @staticmethod
    def _twin(plate: str, scene: Scene) -> str | None:
        visit = scene.goods.plates.get(plate)
        if visit is not None and (visit.registered or visit.visits > 1):
            return None
        for name, other in scene.goods.plates.items():
            if other.registered and differing(plate, name) == 1 and not alike(plate, name):
                return name
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
