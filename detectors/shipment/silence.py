"""Docks, gates and the warehouse system that say nothing in hours in which they always do."""

from collections.abc import Iterable
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
    def quiet(cls) -> Iterable[Row]:
        """Two weeks of working days in which one device is used every third hour only."""
        return _weeks(range(14), 2)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        """After these weeks one device falls silent, then both."""
        yield from _weeks(range(14), 2)
        yield from _weeks(range(14, 19), 1)
        yield from _weeks(range(21, 22), 0)


def _weeks(days: range, devices: int) -> Iterable[Row]:
    for hour in (24 * day + hour for day in days for hour in range(24)):
        at = hour * 3600.0
        if hour // 24 % 7 < 5 and 7 <= hour % 24 < 18:
            for n in range(devices):
                if n == 0 or hour % 3 == 0:
                    yield _seen(at + 600.0 * (n + 1), n)
        yield {"t": at + 3000.0, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
        if hour % 24 in (6, 20) and hour // 24 % 7 < 5:
            yield {
                "t": at + 3100.0,
                "type": "alarm.signal",
                "device": "panel-1",
                "code": "OP" if hour % 24 == 6 else "CL",
            }
        yield {"tick": at + 3601.0}


def _seen(t: float, n: int) -> Row:
    return {"t": t, "type": "shipment.loaded", "device": f"dock-{n}", "dock": f"D{n}"}
