"""The goods ledger: what it knows after a story, and that it forgets the oldest."""

from typing import Any

import msgspec

from detectors import goods as ledger
from detectors.freight import chip, differing, label, near, plain, product
from detectors.goods import Goods
from detectors.habit import Habit
from detectors.shipment import story
from detectors.state import dump, fill
from detectors.tags import GENERATION, MOST_GENERATIONS
from tests.detectors.story import START, event

HOUR = 3600.0


def told(*rows: Any) -> Goods:
    goods = Goods()
    for row in rows:
        goods.learn_one(row["type"], event(row), START + row["t"])
    return goods


def read(t: float, epc: str, tid: str | None = None, sscc: str | None = None, point: str = "D1") -> dict[str, Any]:
    row = {"t": t, "type": "rfid.read", "device": "rdr", "biz_step": "loading", "read_point": point, "epc": epc}
    return row | {"tid": tid, "sscc": sscc}


def encode(t: float, epc: str, previous: str | None, tid: str = "A1") -> dict[str, Any]:
    row = {"t": t, "type": "rfid.encode", "device": "enc", "biz_step": "encoding", "epc": epc, "tid": tid}
    return row | {"previous_epc": previous}


def test_plates_are_compared_without_blanks_dashes_and_case() -> None:
    assert plain("kc-dt 0497") == "KCDT0497"
    assert differing("KCDT0497", "KCDT0491") == 1
    assert near("KCDT0491", ["LEW4660", "KCDT0497"]) == "KCDT0497"
    assert near("KCDT091", ["KCDT0497"]) is None


def test_product_leaves_out_the_serial_number() -> None:
    assert product("urn:epc:id:sgtin:1.22.333") == "urn:epc:id:sgtin:1.22"


def test_a_rebooked_order_keeps_what_was_loaded() -> None:
    first = story.planned(0.0, "SO-1", 8 * HOUR, "KCDT0497")
    goods = told(first, story.loaded(HOUR, "SO-1", "KCDT0497", 0), first | {"t": 2 * HOUR, "plates": ["LEW 4660"]})
    order = goods.orders["SO-1"]
    assert order.loaded == 1
    assert order.plates == ["LEW4660"]
    assert order.changed == START + 2 * HOUR
    assert goods.order_of("urn:epc:id:sscc:1.SO-10") is order


def test_the_same_pallet_loaded_twice_counts_once() -> None:
    goods = told(
        story.planned(0.0, "SO-1", 8 * HOUR, "KCDT0497"),
        story.loaded(HOUR, "SO-1", "KCDT0497", 0),
        story.loaded(HOUR + 60, "SO-1", "KCDT0497", 0),
    )
    assert goods.orders["SO-1"].loaded == 1


def test_pallets_that_went_before_their_order_was_booked_count() -> None:
    late = story.planned(HOUR + 300, "SO-1", HOUR, "KCDT0497", pallets=4)
    goods = told(*(story.loaded(HOUR + 100 * n, "SO-1", "KCDT0497", n) for n in range(3)), late)
    assert goods.orders["SO-1"].loaded == 3


def test_a_lorry_that_names_no_order_has_left_with_the_one_it_was_to_fetch_then() -> None:
    def left(t: float, pallets: int) -> bool:
        leaves = story.departed(t, "", "KCDT0497", pallets) | {"order": None}
        return told(story.planned(0.0, "SO-1", 8 * HOUR, "KCDT0497"), leaves).departed("SO-1") > 0.0

    assert left(8.5 * HOUR, 2)
    assert not left(5 * HOUR, 2), "for another order, hours before"
    assert not left(8.5 * HOUR, 3), "with other goods"


def test_empties_are_no_part_of_the_loading_that_follows() -> None:
    empties = [{"t": 200.0 * n, "type": "shipment.loaded", "device": "dock-1", "dock": "D1"} for n in range(4)]
    goods = told(*empties, story.loaded(HOUR / 2, "SO-1", "KCDT0497", 0))
    assert goods.docks["D1"].pallets == 1


def test_a_load_that_names_nothing_is_no_empty_one_when_its_tags_were_read() -> None:
    nameless = event({"t": 60.0, "type": "shipment.loaded", "device": "dock-1", "dock": "D1"})
    assert told().empty(nameless, START + 60)
    assert not told(read(0.0, "urn:1.1")).empty(nameless, START + 60)
    goods = told(read(0.0, "urn:1.1"), story.loaded(30.0, "SO-1", "KCDT0497", 0))
    assert goods.empty(nameless, START + 60), "these were the tags of the pallet before"


def test_of_an_order_long_over_only_that_it_has_left_is_kept() -> None:
    goods = told(
        story.planned(0.0, "SO-1", HOUR, "KCDT0497"),
        story.planned(1.0, "SO-2", HOUR, "KCDT0497"),
        story.departed(2 * HOUR, "SO-1", "KCDT0497"),
        story.planned(72 * HOUR, "SO-3", 80 * HOUR, "KCDT0497"),
    )
    assert list(goods.orders) == ["SO-2", "SO-3"], "what nobody fetched may still be fetched"
    assert goods.departed("SO-1") == START + 2 * HOUR
    assert goods.departed("SO-2") == 0.0
    assert goods.order_of("urn:epc:id:sscc:1.SO-10") is None


def test_a_lorry_is_inside_from_the_gate_until_half_an_hour_after_it_left() -> None:
    goods = told(story.gate(0.0, "kc-dt 0497"))
    assert goods.inside("KCDT0497", START + HOUR)
    goods.learn_one("shipment.gate", event(story.gate(HOUR, "KCDT0497", "out")), START + HOUR)
    assert goods.inside("KCDT0497", START + HOUR + 600)
    assert not goods.inside("KCDT0497", START + 2 * HOUR)


def test_a_pallet_that_passed_a_door_is_found_at_its_dock_or_by_its_sscc() -> None:
    goods = told(read(0.0, "urn:1.1", sscc="urn:s1"), read(2.0, "urn:1.2", sscc="urn:s1"))
    found = goods.passed("D1", None, START + 60)
    assert found is not None and found.tags == 2
    assert goods.passed("other-name", "urn:s1", START + 60) is found
    assert goods.passed("D1", "urn:s2", START + 60) is None
    assert goods.passed("D1", None, START + HOUR) is None
    assert goods.passed("D1", None, START - 240) is found, "the clock of the dock's terminal is slow"


def test_relabelled_tags_of_a_pallet_are_counted() -> None:
    goods = told(encode(0.0, "urn:1.9", "urn:1.1"), encode(1.0, "urn:1.8", None), read(60.0, "urn:1.9"))
    found = goods.passed("D1", None, START + 61)
    assert found is not None and found.rewritten == 1


def test_old_news_does_not_overwrite_the_memory_of_tags() -> None:
    goods = told(encode(HOUR, "urn:1.2", "urn:1.1", "A1"), read(0.0, "urn:1.1", "A1"))
    assert goods.labels.tags.label(chip("A1")) == label("urn:1.2")


def test_everything_is_capped_and_survives_a_snapshot() -> None:
    goods = Goods()
    for n in range(5000):
        for row in (read(n, f"urn:1.{n}", f"{n:X}", point=f"P{n}"), encode(n, f"urn:2.{n}", "urn:0", f"F{n:X}")):
            goods.learn_one(row["type"], event(row), START + n)
        if n % 10 == 0:
            for row in (story.planned(n, f"SO-{n}", HOUR, f"P{n}"), story.gate(n, f"Q{n}")):
                goods.learn_one(row["type"], event(row), START + n)
    assert len(goods.labels.tags) <= GENERATION * MOST_GENERATIONS
    assert len(goods.orders) == ledger.MOST_ORDERS
    assert len(goods.points) == ledger.MOST_POINTS
    assert all(order in goods.orders for order in goods.pallets.values())
    again = Goods()
    fill(again, msgspec.msgpack.decode(msgspec.msgpack.encode(dump(goods)), strict=False))
    assert dump(again) == dump(goods)


def test_a_habit_learns_what_is_usual_here() -> None:
    habit = Habit(0.01)
    start = habit.surprise()
    for _ in range(400):
        habit.learn(False)
    assert start < habit.surprise() < start + 0.7, "a clean record proves little"
    for _ in range(100):
        habit.learn(True)
    assert habit.surprise() < 2.0
