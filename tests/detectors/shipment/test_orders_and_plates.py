"""Sudden orders and forged plates."""

from typing import Any

import pytest

from detectors.base import Row
from detectors.shipment import story
from detectors.shipment.altered_order import AlteredOrder
from detectors.shipment.story import HOUR, gate, planned
from detectors.shipment.sudden_order import SuddenOrder
from detectors.shipment.twin_plate import TwinPlate
from detectors.shipment.watched_plate import WatchedPlate
from tests.detectors.story import scene, tell

DAY = 24 * HOUR
NOON = 14 * DAY + 12 * HOUR


def usual() -> list[Row]:
    return [row for day in range(12) for row in story.ordinary_day(day * DAY)]


def sudden(**changes: Any) -> Row:
    return planned(NOON, "SO-S", NOON + 900, "QQ99XYZ", value=95000.0) | {"approved_by": ["m-9"]} | changes


def test_a_dear_order_minutes_before_by_one_new_person_is_named() -> None:
    signs = tell(SuddenOrder(), [*usual(), sudden()])
    assert len(signs) == 1 and signs[0].score > 0.3
    assert "15 minutes before" in signs[0].summary and "one person" in signs[0].summary


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 2000.0, "approved_by": ["m-1"]},
        {"value": 30000.0, "approved_by": ["m-1", "m-2"], "plates": ["KCDT0497"]},
        {"window_start": story.moment(NOON + 20 * HOUR), "window_end": story.moment(NOON + 21 * HOUR)},
    ],
)
def test_one_thing_less_is_everyday_life(changes: dict[str, Any]) -> None:
    assert tell(SuddenOrder(), [*usual(), sudden(**changes)]) == []


def test_a_site_that_books_like_this_every_day_is_not_odd() -> None:
    rows = [sudden(order=f"SO-{n}", t=n * HOUR, window_start=story.moment(n * HOUR + 900)) for n in range(300)]
    assert tell(SuddenOrder(), rows) == []


def test_a_cold_detector_and_a_rebooking_are_quiet() -> None:
    assert tell(SuddenOrder(), [sudden()]) == []
    known = sudden(t=NOON - 30 * HOUR)
    assert tell(SuddenOrder(), [*usual()[:-2], known, sudden()]) == []


def altered(**changes: Any) -> float:
    first = planned(NOON - 20 * HOUR, "SO-A", NOON + 900, "KCDT0497")
    again = first | {"t": NOON, "plates": ["QQ99XYZ"]} | changes
    return max((sign.score for sign in tell(AlteredOrder(), [*usual(), first, again])), default=0.0)


def test_another_lorry_half_an_hour_before_is_everyday_life_with_more_goods_or_at_night_it_is_not() -> None:
    more: dict[str, Any] = {"ssccs": [f"urn:epc:id:sscc:1.A{n}" for n in range(9)], "items": 70}
    assert altered() < 0.1
    assert altered(t=NOON - 15 * HOUR) == altered(plates=["LEW4660"]) == altered(plates=["KCDT0497"]) == 0.0
    assert altered(**more) > max(0.3, altered(**more, t=NOON - 15 * HOUR))
    night = {"window_start": story.moment(NOON + 10 * HOUR), "window_end": story.moment(NOON + 11 * HOUR)}
    assert altered(**night) > 0.1


def test_a_site_whose_carriers_name_their_lorries_late_learns_it() -> None:
    rows: list[Row] = []
    for n in range(120):
        order = planned(n * HOUR, f"SO-{n}", (n + 1) * HOUR, "KCDT0497")
        rows += [order, order | {"t": (n + 0.9) * HOUR, "plates": [f"QQ{n:02d}XYZ"]}]
    signs = tell(AlteredOrder(), rows)
    assert not signs or max(sign.score for sign in signs) < 0.1


def test_a_plate_inside_that_comes_in_again_is_named_but_not_a_lorry_that_rolls_on() -> None:
    rows = [gate(0.0, "KCDT0497"), gate(40.0, "KCDT0497"), gate(0.5 * HOUR, "KCDT0497")]
    assert [sign.evidence["inside_min"] for sign in tell(TwinPlate(), rows)] == [29.3]
    assert tell(TwinPlate(), [*rows[:2], gate(3 * HOUR, "KCDT0497")]) == [], "longer than any visit: it left unseen"
    aboard = story.loaded(3 * HOUR - 120, "SO-1", "KCDT0497", 0)
    assert tell(TwinPlate(), [*rows[:2], aboard, gate(3 * HOUR, "KCDT0497")])[0].score > 0.5


def test_a_lorry_that_fetches_two_orders_at_once_is_no_twin() -> None:
    orders = [planned(0.0, f"SO-{n}", HOUR, "KCDT0497") for n in range(2)]
    assert tell(TwinPlate(), [*orders, gate(HOUR, "KCDT0497"), gate(1.4 * HOUR, "KCDT0497")]) == []


def test_a_badly_read_or_confusable_plate_is_no_forgery() -> None:
    base = [planned(0.0, "SO-1", HOUR, "LEW4680")]
    assert tell(TwinPlate(), [*base, gate(60.0, "LEW4660", likelihood=0.5)]) == []
    assert tell(TwinPlate(), [*base, gate(60.0, "LEW46B0", likelihood=0.99)]) == []
    assert len(tell(TwinPlate(), [*base, gate(60.0, "LEW4670", likelihood=0.99)])) == 1


def test_a_lorry_whose_leaving_was_misread_is_no_twin() -> None:
    rows = [gate(0.0, "KCDT0497"), gate(HOUR, "KCDT0491", "out", 0.5), gate(3 * HOUR, "KCDT0497")]
    assert tell(TwinPlate(), rows) == []


def test_a_gate_that_often_misses_leaving_lorries_lowers_the_score() -> None:
    rows = [gate(n * 0.5 * HOUR, "KCDT0497") for n in range(100)]
    scores = [sign.score for sign in tell(TwinPlate(), rows)]
    assert scores[-1] < 0.05 < scores[0]


def test_the_watch_list_knows_a_plate_however_it_is_written() -> None:
    rows = [gate(0.0, "zz-999 zz", likelihood=0.9), story.departed(60.0, "SO-1", "ZZ999ZZ")]
    signs = tell(WatchedPlate(), rows)
    assert [sign.score for sign in signs] == [0.9, 1.0]
    assert "stolen vehicle" in signs[0].summary


def test_a_watched_plate_misread_in_one_character_counts_a_little() -> None:
    def score(plate: str, likelihood: float) -> float:
        return max(
            (sign.score for sign in tell(WatchedPlate(), [gate(0.0, plate, likelihood=likelihood)])), default=0.0
        )

    assert 0.3 < score("2Z999ZZ", 0.5) < 0.7
    assert 0.1 < score("2Z999ZZ", 0.9) < score("2Z999ZZ", 0.5)
    assert 0.1 < score("XZ999ZZ", 0.5) < score("2Z999ZZ", 0.5)
    assert score("XZ999ZZ", 0.95) == score("XX999ZZ", 0.3) == 0.0
    booked = tell(WatchedPlate(), [planned(0.0, "SO-1", HOUR, "2Z999ZZ"), gate(60.0, "2Z999ZZ", likelihood=0.5)])
    assert booked == [], "a lorry that is expected here is itself"


def test_a_loading_without_plate_is_not_looked_up() -> None:
    row: Row = {"t": 1.0, "type": "shipment.loaded", "device": "dock-1", "dock": "D1"}
    assert tell(WatchedPlate(), [row], scene()) == []
