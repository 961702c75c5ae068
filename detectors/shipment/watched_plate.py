"""A lorry that is on the watch list."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentDeparted, ShipmentGate, ShipmentLoaded
from detectors.freight import plain
from detectors.scene import Scene
from detectors.shipment import story


class WatchedPlate(Detector[ShipmentGate | ShipmentLoaded | ShipmentDeparted]):
    """Looks every plate up in the watch list that all sites share; a badly read one counts for less."""

    name: ClassVar[str] = "shipment.watched_plate"
    title: ClassVar[str] = "lorry on the watch list"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.gate", "shipment.loaded", "shipment.departed")
    scope = "site"
    rate: ClassVar[float] = 0.003
    hit: ClassVar[float] = 0.1

    def score_one(self, event: ShipmentGate | ShipmentLoaded | ShipmentDeparted, scene: Scene) -> Sign | None:
        if event.plate is None:
            return None
        plate = plain(event.plate)
        reason = scene.registry.watched("plate", plate, scene.time)
        if reason is None:
            return None
        likelihood: float = getattr(event, "likelihood", 1.0)
        evidence: Row = {"plate": plate, "reason": reason, "likelihood": likelihood}
        return Sign(likelihood, f"Lorry {plate} is on the watch list: {reason.rstrip('.')}.", evidence, key=plate)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        return story.ordinary_day()

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield story.gate(60.0, "zz-999 zz")
