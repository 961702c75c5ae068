"""Examples that several shipment detectors share: an ordinary Monday at a dock, and a night that is not."""

from collections.abc import Iterator
from datetime import UTC, datetime

from detectors.base import Row

MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
HOUR = 3600.0
PLATES = ("KCDT0497", "XYDH4835", "LEW4660", "VHW0572")


def moment(t: float) -> str:
    """RFC 3339 of `t` seconds after Monday midnight, as orders' windows are written."""
    return datetime.fromtimestamp(MONDAY + t, UTC).isoformat()


def planned(t: float, order: str, start: float, plate: str, pallets: int = 2, value: float = 2000.0) -> Row:
    """Book an order: window of 90 minutes from `start`, pallets named after it."""
    return {
        "t": t,
        "type": "shipment.planned",
        "device": "wms",
        "order": order,
        "window_start": moment(start),
        "window_end": moment(start + 1.5 * HOUR),
        "carrier": "Hanse Freight",
        "plates": [plate],
        "ssccs": [f"urn:epc:id:sscc:1.{order}{n}" for n in range(pallets)],
        "items": 7 * pallets,
        "value": value,
        "approved_by": ["m-1", "m-2"] if value > 10000 else ["m-1"],
    }


def gate(t: float, plate: str, direction: str = "in", likelihood: float = 0.97) -> Row:
    """Let a plate pass the gate."""
    return {
        "t": t,
        "type": "shipment.gate",
        "device": "gate-1",
        "plate": plate,
        "direction": direction,
        "likelihood": likelihood,
    }


def loaded(t: float, order: str, plate: str, n: int) -> Row:
    """Load pallet `n` of an order."""
    sscc = f"urn:epc:id:sscc:1.{order}{n}"
    row: Row = {"t": t, "type": "shipment.loaded", "device": "dock-1", "dock": "D1", "items": 7, "sscc": sscc}
    return row | {"plate": plate, "order": order}


def departed(t: float, order: str, plate: str, pallets: int = 2) -> Row:
    """Let a lorry leave with an order."""
    row: Row = {"t": t, "type": "shipment.departed", "device": "wms", "plate": plate, "order": order}
    return row | {"pallets": pallets, "items": 7 * pallets, "seal": "S1"}


def signal(t: float, code: str) -> Row:
    """Set or unset the intruder alarm."""
    return {"t": t, "type": "alarm.signal", "device": "panel-1", "code": code, "user": "u-1"}


def ordinary_day(start: float = 0.0) -> Iterator[Row]:
    """Four orders with a lorry each, between opening and closing, and one planned for the next day."""
    yield signal(start + 5.8 * HOUR, "OP")
    for n, plate in enumerate(PLATES):
        yield planned(start + 6 * HOUR + 60 * n, f"SO-{start:.0f}-{n}", start + (8 + 2 * n) * HOUR, plate)
    for n, plate in enumerate(PLATES):
        at, order = start + (8.2 + 2 * n) * HOUR, f"SO-{start:.0f}-{n}"
        yield gate(at, plate)
        yield loaded(at + 600, order, plate, 0)
        yield loaded(at + 800, order, plate, 1)
        yield departed(at + 1500, order, plate)
        yield gate(at + 1800, plate, "out")
    yield planned(start + 17 * HOUR, "SO-NEXT", start + 33 * HOUR, PLATES[0], value=31000.0)
    yield signal(start + 21 * HOUR, "CL")


def night_load(start: float = 0.0) -> Iterator[Row]:
    """Take the next day's order at night, with another lorry, while the alarm is set."""
    for n in range(2):
        yield loaded(start + 26 * HOUR + 180 * n, "SO-NEXT", "ZRRW3479", n)
    yield departed(start + 26.3 * HOUR, "SO-NEXT", "ZRRW3479")
