"""A lorry that is on the watch list."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentDeparted, ShipmentGate, ShipmentLoaded
from detectors.freight import alike, plain
from detectors.scene import Scene
from detectors.shipment import story

LEAST = 0.1
"""A resemblance below this is another lorry."""


class WatchedPlate(Detector[ShipmentGate | ShipmentLoaded | ShipmentDeparted]):
    """Looks every plate up in the watch list that all sites share; a badly read one counts for less.

    Cameras misread a character now and then. A plate at the gate that differs from a watched one in a single character
    counts a little, the more the less sure the camera is, and more for characters that look alike; a plate that is
    known here is itself.
    """

    name: ClassVar[str] = "shipment.watched_plate"
    title: ClassVar[str] = "lorry on the watch list"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.gate", "shipment.loaded", "shipment.departed")
    scope = "site"
    rate: ClassVar[float] = 0.0005
    hit: ClassVar[float] = 0.1

    def score_one(self, event: ShipmentGate | ShipmentLoaded | ShipmentDeparted, scene: Scene) -> Sign | None:
        if event.plate is None:
            return None
        plate = plain(event.plate)
        likelihood: float | None = getattr(event, "likelihood", None)
        reason = scene.registry.watched("plate", plate, scene.time)
        if reason is not None:
            sure = 1.0 if likelihood is None else likelihood
            evidence: Row = {"plate": plate, "reason": reason, "likelihood": sure}
            return Sign(sure, f"Lorry {plate} is on the watch list: {reason.rstrip('.')}.", evidence, key=plate)
        return None if likelihood is None else self._misread(plate, likelihood, scene)

    @staticmethod
    def _misread(plate: str, likelihood: float, scene: Scene) -> Sign | None:
        visit = scene.goods.plates.get(plate)
        if visit is not None and (visit.registered or visit.visits > 2):
            return None
        other = scene.registry.resembling(plate, scene.time)
        if other is None:
            return None
        score = (0.7 if alike(plate, other) else 0.4) * min(1.1 - likelihood, 0.9)
        if score < LEAST:
            return None
        evidence: Row = {"plate": plate, "watched": other, "likelihood": likelihood}
        summary = f"Lorry {plate}, if the camera misread one character, is {other} of the watch list."
        return Sign(score, summary, evidence, key=plate)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        return story.ordinary_day()

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield story.gate(60.0, "zz-999 zz")
