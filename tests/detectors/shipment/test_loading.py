"""Loadings and departures: everyday oddities pass, goods that leave with no right to are named at once."""

from collections.abc import Iterator

from detectors.base import Row, Sign
from detectors.elsewhere import Sighting
from detectors.shipment import story
from detectors.shipment.story import HOUR, departed, gate, loaded, planned, signal
from detectors.shipment.unentitled_departure import UnentitledDeparture
from detectors.shipment.unentitled_load import UnentitledLoad
from tests.detectors.story import START, Others, scene, tell

DAY = 24 * HOUR


def weeks(days: int = 10) -> Iterator[Row]:
    for day in range(days):
        if day % 7 < 5:
            yield from story.ordinary_day(day * DAY)


def load(*rows: Row, days: int = 10) -> list[Sign]:
    return tell(UnentitledLoad(), [*weeks(days), *rows])


def order(at: float) -> list[Row]:
    return [planned(at - 20 * HOUR, "SO-X", at, "LEW4660")]


def best(signs: list[Sign]) -> float:
    return max((sign.score for sign in signs), default=0.0)


MORNING = 10 * DAY + 8.5 * HOUR  # a Thursday
OPENED = signal(10 * DAY + 6 * HOUR, "OP")
NIGHT = 10 * DAY + 26 * HOUR


def test_an_order_that_was_stolen_and_is_carried_out_by_day_is_not_counted_twice() -> None:
    theft = [loaded(NIGHT - DAY + 60 * n, "SO-X", "LEW4660", n) for n in range(8)]
    gone = departed(NIGHT - DAY + 600, "SO-X", "LEW4660", 8)
    *stolen, sign = load(*order(MORNING), *theft, gone, OPENED, loaded(MORNING, "SO-X", "LEW4660", 0))
    assert "8 of 2" in stolen[-1].summary and best(stolen) > 0.9
    assert "already left" in sign.summary and "of 2" not in sign.summary and sign.score < 0.3


def test_further_lorries_for_an_order_whose_pallets_nobody_listed_are_named_by_what_they_take() -> None:
    bare = [{**row, "ssccs": []} if row["type"] == "shipment.planned" else row for row in order(MORNING)]
    first = [loaded(MORNING, "SO-X", "LEW4660", 0), departed(MORNING + 600, "SO-X", "LEW4660", 2)]
    second = [loaded(MORNING + 1800, "SO-X", "LEW4660", 1), departed(MORNING + 2400, "SO-X", "LEW4660", 2)]
    rows = [*weeks(), *bare, OPENED, gate(MORNING - 600, "LEW4660"), *first, *second]
    signs = tell(UnentitledDeparture(), rows)
    assert "it takes 14 items of 14 ordered, of which 14 have left" in signs[-1].summary and signs[-1].score > 0.5
    told_again = tell(UnentitledDeparture(), [*weeks(), *bare, OPENED, *first, second[-1]])
    assert not any("have left" in sign.summary for sign in told_again)


def test_an_order_has_left_with_the_lorry_that_it_was_loaded_on_though_its_departure_names_none() -> None:
    gone = {**departed(MORNING + 600, "SO-X", "LEW4660", 2), "order": None}
    first = [gate(MORNING - 600, "LEW4660"), loaded(MORNING, "SO-X", "LEW4660", 0), gone]
    signs = load(*order(MORNING), OPENED, *first, *(loaded(MORNING + 3600, "SO-X", "EEBC5064", n) for n in range(5)))
    assert "order SO-X has already left" in signs[-1].summary


def test_a_lorry_that_came_for_two_orders_may_have_left_with_either() -> None:
    gone = {**departed(MORNING + 600, "SO-X", "LEW4660", 2), "order": None}
    both = [*order(MORNING), planned(MORNING - 19 * HOUR, "SO-Y", MORNING, "LEW4660")]
    first = [gate(MORNING - 600, "LEW4660"), *(loaded(MORNING + n, "SO-X", "LEW4660", n) for n in range(2)), gone]
    rows = [*both, OPENED, *first, *(loaded(MORNING + 1500 + n, "SO-Y", "LEW4660", n) for n in range(2))]
    signs = tell(UnentitledDeparture(), [*weeks(), *rows, departed(MORNING + 2400, "SO-X", "LEW4660", 2)])
    assert not any("already left" in sign.summary for sign in signs)


def test_a_pallet_whose_load_names_no_order_is_judged_by_the_one_it_was_booked_for() -> None:
    early = {**loaded(MORNING, "SO-X", "EEBC5064", 0), "order": None}
    (sign,) = load(*order(MORNING + 6 * HOUR), OPENED, gate(MORNING - 600, "EEBC5064"), early)
    assert "its window is 6.0 h away" in sign.summary and "EEBC5064 is not registered for its order" in sign.summary


def test_a_subcontracted_lorry_is_everyday_life() -> None:
    rows = [OPENED, gate(MORNING - 600, "EEBC5064"), loaded(MORNING, "SO-X", "EEBC5064", 0)]
    assert load(*order(MORNING), *rows) == []


def test_an_order_booked_after_its_loading_is_everyday_life() -> None:
    rows = [OPENED, gate(MORNING - 600, "LEW4660"), loaded(MORNING, "SO-X", "LEW4660", 0)]
    assert load(*rows, planned(MORNING + HOUR, "SO-X", MORNING, "LEW4660")) == []


def test_empties_without_order_are_everyday_life() -> None:
    rows = [{"t": MORNING + 200 * n, "type": "shipment.loaded", "device": "dock-1", "dock": "D1"} for n in range(7)]
    assert load(OPENED, *rows) == []


def test_goods_without_order_after_empties_are_not_more_than_the_order_holds() -> None:
    empties: list[Row] = [
        {"t": MORNING - 1500 + 200 * n, "type": "shipment.loaded", "device": "dock-1", "dock": "D1"} for n in range(4)
    ]
    forgotten = loaded(MORNING + 120, "SO-X", "LEW4660", 1) | {"order": None, "sscc": None}
    rows = [OPENED, gate(MORNING - 600, "LEW4660"), loaded(MORNING, "SO-X", "LEW4660", 0), forgotten]
    assert load(*order(MORNING), *empties, *rows) == []


def test_overtime_is_everyday_life() -> None:
    late = 10 * DAY + 22 * HOUR
    rows = [OPENED, gate(late - 600, "LEW4660"), loaded(late, "SO-X", "LEW4660", 0)]
    assert load(*order(late), *rows) == []


def test_a_forgotten_unset_alone_pages_nobody() -> None:
    rows = [gate(NIGHT - 600, "LEW4660"), loaded(NIGHT, "SO-X", "LEW4660", 0)]
    signs = load(*order(NIGHT), *rows)
    assert all(sign.score < 0.5 for sign in signs)


def test_another_lorry_at_night_while_the_alarm_is_set_is_definite_at_the_first_pallet() -> None:
    signs = load(*order(NIGHT + 6 * HOUR), loaded(NIGHT, "SO-X", "ZRRW3479", 0))
    assert signs[0].score >= 0.9
    assert "the intruder alarm is set" in signs[0].summary
    assert signs[0].evidence["order"] == "SO-X"


def test_pallets_beside_a_planned_order_by_day_grow_surer_one_by_one() -> None:
    rows = [loaded(MORNING + 120 * n, "SO-X", "LEW4660", n) for n in range(8)]
    signs = load(*order(MORNING), OPENED, gate(MORNING - 600, "LEW4660"), *rows)
    scores = [sign.score for sign in signs]
    assert scores and scores == sorted(scores)
    assert scores[-1] > 0.3
    assert "of 2 planned" in signs[-1].summary


def test_a_lorry_that_is_at_another_site_as_well_and_comes_hours_too_soon_is_definite() -> None:
    def fetch(seen_elsewhere: float) -> list[Sign]:
        where = scene()
        where.place = (49.0, 2.5)
        where.elsewhere = Others({"LEW4660": [Sighting("TEST-2", START + seen_elsewhere, (45.7, 4.9))]})
        rows = [OPENED, gate(MORNING - 600, "LEW4660"), loaded(MORNING, "SO-X", "LEW4660", 0)]
        return tell(UnentitledLoad(), [*weeks(), *order(MORNING + 4 * HOUR), *rows], where)

    signs = fetch(MORNING - 900)
    assert signs[-1].score >= 0.9 and "lorry LEW4660 is at TEST-2 as well" in signs[-1].summary
    assert best(fetch(MORNING - 8 * HOUR)) < 0.5, "it had the time to come"


def test_pallets_that_name_no_lorry_are_suspected_of_the_one_in_the_yard_that_is_somewhere_else() -> None:
    def fetch(seen_elsewhere: float) -> list[Sign]:
        where = scene()
        where.place = (49.0, 2.5)
        where.elsewhere = Others({"LEW4660": [Sighting("TEST-2", START + seen_elsewhere, (45.7, 4.9))]})
        nameless = loaded(MORNING, "SO-X", "LEW4660", 0) | {"order": None, "plate": None}
        return tell(UnentitledLoad(), [*weeks(), OPENED, gate(MORNING - 600, "LEW4660"), nameless], where)

    signs = fetch(MORNING - 900)
    assert signs[-1].score >= 0.85 and "lorry LEW4660 is at TEST-2 as well" in signs[-1].summary
    assert best(fetch(MORNING - 8 * HOUR)) < 0.5


def test_a_second_batch_on_an_order_that_has_left_with_another_lorry_is_definite() -> None:
    rows = [*order(MORNING), OPENED, gate(MORNING - 600, "LEW4660")]
    rows += [loaded(MORNING + 120 * n, "SO-X", "LEW4660", n) for n in range(2)]
    rows += [departed(MORNING + 600, "SO-X", "LEW4660"), gate(MORNING + 900, "LEW4660", "out")]
    rows += [loaded(MORNING + 5 * HOUR + 120 * n, "SO-X", "ZRRW3479", 10 + n) for n in range(3)]
    assert load(*rows)[-1].score >= 0.9


def test_pallets_that_follow_an_order_without_naming_one_grow_surer() -> None:
    rows = [*order(MORNING), OPENED, gate(MORNING - 600, "LEW4660")]
    rows += [loaded(MORNING + 120 * n, "SO-X", "LEW4660", n) for n in range(2)]
    beside = [loaded(MORNING + 240 + 120 * n, "SO-Y", "LEW4660", n) | {"order": None} for n in range(5)]
    signs = load(*rows, *beside)
    assert 0.5 < best(signs) < 0.96 and "5 pallets in a row have none" in signs[-1].summary
    gone = [departed(MORNING + 200, "SO-X", "LEW4660"), gate(MORNING + 220, "LEW4660", "out")]
    assert best(load(*rows, *gone, *beside)) < best(signs), "after the lorry has left it is another loading"
    empties = [
        {"t": MORNING + 240 + 60 * n, "type": "shipment.loaded", "device": "dock-1", "dock": "D1"} for n in range(5)
    ]
    assert load(*rows, *empties) == []


def test_an_order_of_minutes_ago_for_a_stranger_is_named_and_either_alone_is_not() -> None:
    def fetched(ahead: float, plate: str) -> list[Sign]:
        booked = planned(MORNING - ahead, "SO-X", MORNING + 2.5 * HOUR, "LEW4660")
        return load(OPENED, booked, gate(MORNING - 300, plate), loaded(MORNING, "SO-X", plate, 0))

    assert best(fetched(600.0, "EEBC5064")) > 0.5
    assert best(fetched(20 * HOUR, "EEBC5064")) == 0.0
    assert best(fetched(600.0, "LEW4660")) < 0.2


def test_a_lorry_that_takes_far_more_than_any_before_is_odd_even_if_its_order_asks_for_it() -> None:
    def taken(pallets: int) -> list[Sign]:
        booked = planned(MORNING - 600, "SO-X", MORNING, "LEW4660", pallets)
        rows = [loaded(MORNING + 120 * n, "SO-X", "EEBC5064", n) for n in range(pallets)]
        return load(OPENED, booked, gate(MORNING - 300, "EEBC5064"), *rows, days=14)

    signs = taken(9)
    assert best(signs) > 0.8 and "none took more than 2 before" in signs[-1].summary
    assert best(taken(3)) < 0.5


def test_a_lorry_that_takes_far_more_than_was_loaded_is_named_and_one_unscanned_pallet_is_not() -> None:
    def leave(pallets: int, items: int = 14) -> list[Sign]:
        rows = [*order(MORNING), OPENED, gate(MORNING - 600, "LEW4660")]
        rows += [loaded(MORNING + 120 * n, "SO-X", "LEW4660", n) for n in range(2)]
        rows += [departed(MORNING + 900, "SO-X", "LEW4660", pallets) | {"items": items}]
        return tell(UnentitledDeparture(), [*weeks(), *rows])

    assert leave(2) == leave(3) == []
    signs = leave(7, 49)
    assert best(signs) > 0.5 and "7" in signs[-1].summary


def test_goods_that_were_made_other_products_before_they_leave_by_day_are_named() -> None:
    def leave(article: int) -> list[Sign]:
        rows: list[Row] = []
        for n in range(6):
            row: Row = {"t": MORNING - HOUR + 60 * n, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding"}
            names = {"epc": f"urn:epc:id:sgtin:1.1.{n}", "previous_epc": f"urn:epc:id:sgtin:1.{article}.{90 + n}"}
            rows.append(row | names | {"tid": f"E28{n}"})
        door: Row = {"type": "rfid.read", "device": "rdr-1", "biz_step": "loading", "read_point": "D1"}
        rows += [door | {"t": MORNING - 30 + n, "epc": f"urn:epc:id:sgtin:1.1.{n}"} for n in range(6)]
        return load(
            *order(MORNING), OPENED, gate(MORNING - 600, "LEW4660"), *rows, loaded(MORNING, "SO-X", "LEW4660", 0)
        )

    assert leave(article=1) == [], "damaged labels are replaced every day"
    assert "labels of other products" in leave(article=2)[0].summary


def test_a_missing_seal_and_a_lorry_of_no_order_add_to_what_is_odd() -> None:
    seal = departed(MORNING, "SO-X", "QQ99XYZ") | {"order": None, "seal": None}
    signs = tell(UnentitledDeparture(), [*weeks(40), seal | {"t": 40 * DAY + 2 * HOUR}])
    assert {"no_seal", "unregistered", "no_order_goods", "closed"} <= signs[-1].evidence["facts"].keys()


def test_a_site_that_always_loads_at_night_with_the_alarm_set_is_not_odd() -> None:
    rows: list[Row] = []
    for day in range(20):
        rows.append(signal(day * DAY, "CL"))
        for n in range(5):
            at, name = day * DAY + (22 + 0.3 * n) * HOUR, f"SO-{day}-{n}"
            rows += [planned(at - 10 * HOUR, name, at, "LEW4660"), loaded(at, name, "LEW4660", 0)]
    signs = tell(UnentitledLoad(), rows)
    assert all(sign.score < 0.9 for sign in signs)
    assert not [sign for sign in tell(UnentitledLoad(), rows[: len(rows) // 2]) if sign.score > 0.5]


def test_orders_booked_before_the_site_was_first_heard_of_say_nothing() -> None:
    assert load(loaded(9 * HOUR, "SO-OLD", "LEW4660", 0), days=0) == []


def test_the_loading_of_the_next_lorry_at_the_dock_starts_afresh() -> None:
    rows = [*order(NIGHT + 6 * HOUR), loaded(NIGHT, "SO-X", "ZRRW3479", 0)]
    later = 11 * DAY + 8.5 * HOUR
    rows += [signal(11 * DAY + 6 * HOUR, "OP"), planned(11 * DAY, "SO-Y", later, "KCDT0497")]
    rows += [gate(later - 600, "KCDT0497"), loaded(later, "SO-Y", "KCDT0497", 0)]
    assert {sign.evidence["order"] for sign in load(*rows)} == {"SO-X"}


def test_a_departure_at_night_without_right_is_definite() -> None:
    rows = [*weeks(), *order(NIGHT + 6 * HOUR), departed(NIGHT, "SO-X", "ZRRW3479", 6)]
    signs = tell(UnentitledDeparture(), rows)
    assert signs[-1].score >= 0.9
    assert "ZRRW3479" in signs[-1].summary


def test_an_ordinary_fortnight_gives_nothing() -> None:
    assert load() == []
    assert tell(UnentitledDeparture(), weeks()) == []
