"""Tells a detector a story: rows of telemetry and ticks, through a scene, to the signs that it gives."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from detectors.base import Detector, Row, Sign
from detectors.elsewhere import Outage, Sighting
from detectors.scene import Scene
from streams.incidents.maintenance import Window
from streams.incidents.registry import Registry
from streams.telemetry import alarm, camera, power, rfid, shipment
from streams.telemetry.control import Item, Maintenance, Watch

EVENT = power.Event | alarm.Event | camera.Event | rfid.Event | shipment.Event
START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
"""A Monday, midnight UTC: row times `t` count from here."""


class Others:
    """Other sites, of unknown place: both lost their grid at 01:26; one saw a lorry just before 00:01, or `plates`."""

    site = "TEST-1"

    def __init__(self, plates: dict[str, list[Sighting]] | None = None) -> None:
        self.plates = plates or {"FA123KE": [Sighting("TEST-2", START + 50.0, None)]}
        self.failed = [
            Outage(site, START + 5100.0, START + 5115.0, START + 5117.0, None) for site in ("TEST-2", "TEST-3")
        ]

    def sightings(self, plate: str) -> list[Sighting]:
        return self.plates.get(plate, [])

    def outages(self) -> list[Outage]:
        return self.failed


def scene() -> Scene:
    """A site in UTC, open on weekdays from 06:00 to 20:00, one of three; one plate and one label are watched."""
    plate = Watch(what="plate", value="ZZ-999 ZZ", reason="stolen vehicle")
    label = Watch(what="epc", value="urn:epc:id:sgtin:1.1.999", reason="stolen elsewhere")
    made = Scene(_registry(plate, label), Others())
    made.hours.declare([((1, 2, 3, 4, 5), "06:00", "20:00")])
    made.first = START
    return made


def knowing(*records: Item | Watch) -> Scene:
    """The same site, which knows these registered goods and watched things."""
    made = scene()
    made.registry = _registry(*records)
    return made


def _registry(*records: Item | Watch) -> Registry:
    registry = Registry()
    for record in records:
        if isinstance(record, Item):
            registry.register(record)
        else:
            registry.watch(record)
    return registry


def announcement(row: Row) -> Window:
    """The work that a row announces, `from` and `until` in seconds like `t`."""
    span = {name: datetime.fromtimestamp(START + row[key], UTC) for name, key in (("start", "from"), ("end", "until"))}
    given = {name: value for name, value in row.items() if name not in ("t", "from", "until")}
    return Window(msgspec.convert({"site": "TEST-1", **span, **given}, Maintenance), ZoneInfo("UTC"))


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows and ticks by their times."""
    return sorted(rows, key=lambda row: float(row["t"] if "t" in row else row["tick"]))


def event(row: Row) -> Any:
    """The telemetry struct of a row, or the work that it announces."""
    if row["type"] == "site.maintenance":
        return announcement(row)
    wire = {key: value for key, value in row.items() if key not in ("t", "again")}
    wire.setdefault("site", "TEST-1")
    wire["time"] = datetime.fromtimestamp(START + row["t"], UTC)
    return msgspec.convert(wire, EVENT)


def tell(detector: Detector[Any], rows: Iterable[Row], at: Scene | None = None) -> list[Sign]:
    """Run rows (`{"t": …, "type": …}`) and ticks (`{"tick": seconds}`) past a detector; returns its signs in order.

    A row with `again` is the copy of an earlier one.
    """
    where = at or scene()
    signs: list[Sign] = []
    for row in rows:
        if "tick" in row:
            where.clock = START + row["tick"]
            if detector.wake <= where.clock:
                signs += detector.tick(where.clock, where)
            continue
        where.time = START + row["t"]
        where.clock = max(where.clock, where.time)
        one = event(row)
        if row["type"] in detector.reads:
            sign = detector.again(one, where) if "again" in row else detector.step(one, where)
            if sign is not None:
                signs.append(sign)
        if row["type"] != "site.maintenance" and "again" not in row:
            where.learn_one(row["type"], one)
    return signs
