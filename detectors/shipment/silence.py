"""Docks, gates and the warehouse system that say nothing in hours in which they always do."""

from typing import ClassVar

from detectors.base import Domain, Row, Stage
from detectors.events import ShipmentDeparted, ShipmentGate, ShipmentLoaded, ShipmentPlanned
from detectors.lull import Lull


class ShipmentSilence(Lull[ShipmentPlanned | ShipmentGate | ShipmentLoaded | ShipmentDeparted]):
    """A dock or gate that no longer reports while others work, or all of them at once."""

    name: ClassVar[str] = "shipment.silence"
    title: ClassVar[str] = "docks or gates silent"
    domain: ClassVar[Domain] = "shipment"
    stage: ClassVar[Stage] = "sight"
    reads: ClassVar[tuple[str, ...]] = ("shipment.planned", "shipment.gate", "shipment.loaded", "shipment.departed")
    rate: ClassVar[float] = 0.02
    hit: ClassVar[float] = 0.15
    explained_by: ClassVar[tuple[str, ...]] = ()
    noun: ClassVar[str] = "dock or gate"
    work: ClassVar[str] = "goods"

    @classmethod
    def example(cls, t: float, n: int) -> Row:
        return {"t": t, "type": "shipment.loaded", "device": f"dock-{n}", "dock": f"D{n}"}
