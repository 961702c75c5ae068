"""Pallets that pass a door: booked, forgotten, booked late, and stolen by day."""

from typing import Any

import pytest

from detectors.base import Row, Sign
from detectors.rfid.unbooked_pallet import UnbookedPallet
from detectors.shipment import story
from detectors.shipment.story import HOUR, planned
from tests.detectors.story import in_order, scene, tell

DAY = 24 * HOUR
NOON = 21 * DAY + 12 * HOUR  # a Monday


def pallet(t: float, n: int, sscc: bool = True, tags: int = 6, door: str = "D1") -> list[Row]:
    row: Row = {"type": "rfid.read", "device": f"rdr-{door}", "biz_step": "loading", "read_point": door}
    name = f"urn:epc:id:sscc:1.{n}" if sscc else None
    return [row | {"t": t + k, "epc": f"urn:epc:id:sgtin:1.1.{100 * n + k}", "sscc": name} for k in range(tags)]


def booking(t: float, n: int, sscc: bool = True, dock: str = "D1") -> Row:
    row: Row = {"t": t, "type": "shipment.loaded", "device": "dock-1", "dock": dock, "order": "SO-1"}
    return row | ({"sscc": f"urn:epc:id:sscc:1.{n}"} if sscc else {})


def weeks(late: float = 30.0, **more: Any) -> list[Row]:
    """Ten pallets a day for twelve days, booked `late` seconds after the door."""
    rows: list[Row] = []
    for n in range(120):
        at = n // 10 * DAY + 8 * HOUR + n % 10 * 1800
        rows += [*pallet(at, n, **more), booking(at + late, n, more.get("sscc", True)), {"tick": at + 1700.0}]
    return in_order(rows)


def best(signs: list[Sign]) -> float:
    return max((sign.score for sign in signs), default=0.0)


def stolen(pallets: int = 5, **more: Any) -> list[Row]:
    rows = [row for n in range(pallets) for row in pallet(NOON + 120 * n, 900 + n, **more)]
    return [*rows, {"tick": NOON + 3600.0}]


def test_booked_pallets_strays_and_one_forgotten_booking_are_everyday_life() -> None:
    assert tell(UnbookedPallet(), weeks()) == []
    stray = [row for n in range(9) for row in pallet(NOON + 200 * n, 900 + n, tags=2)]
    assert tell(UnbookedPallet(), [*weeks(), *stray, {"tick": NOON + 3600.0}]) == []
    assert tell(UnbookedPallet(), [*weeks(), *stolen(1)]) == []


def test_one_unbooked_pallet_by_night_may_be_a_stray_and_several_are_none() -> None:
    def night(pallets: int) -> float:
        closed: Row = {"t": 12 * DAY + 20 * HOUR, "type": "alarm.signal", "device": "panel-1", "code": "CL"}
        rows = [row for n in range(pallets) for row in pallet(12 * DAY + 25 * HOUR + 120 * n, 900 + n)]
        ticks: list[Row] = [{"tick": row["t"] + 160.0} for row in rows]
        story = in_order([*rows, *ticks])
        due = planned(0.0, "SO-9", 15 * DAY, "LEW4660")
        return best(tell(UnbookedPallet(), [due, *weeks(), closed, *story]))

    assert 0.5 < night(1) <= 0.8 < 0.95 < night(4)


def test_a_dock_whose_clock_is_slow_books_its_pallets_all_the_same() -> None:
    slow = [row for n in range(6) for row in (*pallet(NOON + 150 * n, 900 + n), booking(NOON + 150 * n - 270, 900 + n))]
    assert tell(UnbookedPallet(), [*weeks(), *slow, {"tick": NOON + 3600.0}]) == []


def test_a_lorry_loaded_by_day_and_booked_by_nobody_is_seen_with_and_without_pallet_numbers() -> None:
    assert best(tell(UnbookedPallet(), [*weeks(), *stolen()])) > 0.3
    assert best(tell(UnbookedPallet(), [*weeks(sscc=False), *stolen(sscc=False)])) > 0.3


@pytest.mark.parametrize(("late", "told_s"), [(30.0, 160.0), (300.0, 460.0)])
def test_a_booking_is_waited_for_no_longer_than_bookings_take_here(late: float, told_s: float) -> None:
    where, detector = scene(), UnbookedPallet()
    tell(detector, weeks(late), where)
    lorry = [row for n in range(5) for row in pallet(NOON + 5 * n, 900 + n)]
    assert best(tell(detector, [*lorry, {"tick": NOON + 25 + told_s - 40}], where)) == 0.0
    assert best(tell(detector, [{"tick": NOON + 25 + told_s}], where)) > 0.3


def test_a_site_that_books_in_the_evening_or_never_says_nothing_by_it() -> None:
    assert best(tell(UnbookedPallet(), [*weeks(late=7 * HOUR), *stolen()])) < 0.1
    never = [row for row in weeks() if row.get("type") != "shipment.loaded"]
    assert best(tell(UnbookedPallet(), [*never, *stolen()])) < 0.1


def test_a_door_may_have_another_name_than_its_dock() -> None:
    rows = [row | {"dock": "Tor 4"} if row.get("type") == "shipment.loaded" else row for row in weeks()]
    assert tell(UnbookedPallet(), rows) == []
    nameless = [row | {"dock": "Tor 4"} if row.get("type") == "shipment.loaded" else row for row in weeks(sscc=False)]
    assert tell(UnbookedPallet(), nameless) == []


def test_tags_that_arrive_hours_late_are_not_judged_by_what_was_booked_since() -> None:
    late = [row | {"t": row["t"] - 5 * HOUR} for row in stolen() if "t" in row]
    assert tell(UnbookedPallet(), [*weeks(), booking(NOON, 1), *late, {"tick": NOON + HOUR}]) == []


def test_a_load_booked_with_an_empty_story_is_no_pallet() -> None:
    assert tell(UnbookedPallet(), [story.loaded(1.0, "SO-1", "LEW4660", 0), {"tick": 2 * HOUR}]) == []
