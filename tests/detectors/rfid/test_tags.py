"""Tags rewritten, cloned, printed twice, failing; pallets at a door; stock that shrinks."""

from typing import Any

from detectors.base import Detector, Row, Sign
from detectors.rfid.clone import Clone
from detectors.rfid.copied_label import MANY, CopiedLabel
from detectors.rfid.count_drift import CountDrift
from detectors.rfid.crypto import Crypto
from detectors.rfid.night_reads import NightReads
from detectors.rfid.other_epc import OtherEpc
from detectors.rfid.relabelling import Relabelling
from detectors.rfid.reprint import Reprint
from detectors.rfid.two_places import TwoPlaces
from detectors.rfid.unentitled_pallet import UnentitledPallet
from detectors.shipment import story
from detectors.shipment.story import HOUR, signal
from streams.incidents.fusion import SURE_BY_DAY
from streams.incidents.weighing import LOUDER
from streams.telemetry.control import Item
from tests.detectors.story import knowing, tell

DAY = 24 * HOUR


def encode(t: float, n: int, previous: int | None, article: int = 1, user: str = "u-1", tid: str = "") -> Row:
    row: Row = {"t": t, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding", "user": user}
    row["previous_epc"] = None if previous is None else f"urn:epc:id:sgtin:1.1.{previous}"
    return row | {"epc": f"urn:epc:id:sgtin:1.{article}.{n}", "tid": tid or f"E280{n:020X}"}


def read(t: float, n: int, **more: Any) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "biz_step": "loading", "read_point": "D1"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{n}"} | more


def count(day: int, counted: int, zone: str = "A", expected: int = 200) -> Row:
    row: Row = {"t": day * DAY, "type": "rfid.count", "device": "hh-1", "zone": zone}
    return row | {"counted": counted, "expected": expected}


def office_weeks(size: int = 5) -> list[Row]:
    return [encode(d * DAY + 10 * HOUR + 40 * n, 1000 + 50 * d + n, 50 * d + n) for d in range(14) for n in range(size)]


def best(signs: list[Sign]) -> float:
    return max((sign.score for sign in signs), default=0.0)


def relabel(*rows: Row) -> list[Sign]:
    return tell(Relabelling(), [*office_weeks(), *rows])


def test_damaged_labels_and_goods_inwards_are_everyday_life() -> None:
    inwards = [encode(14 * DAY + 9 * HOUR + 20 * n, 9000 + n, None) for n in range(60)]
    assert relabel(*inwards) == []


def test_relabelling_at_night_is_seen_at_the_first_label_and_grows_surer() -> None:
    night = [encode(14 * DAY + 25.5 * HOUR + 30 * n, 9000 + n, 8000 + n, article=2) for n in range(20)]
    signs = relabel(signal(14 * DAY + 20 * HOUR, "CL"), *night)
    assert signs[0].evidence["labels"] == 1
    assert best(signs) >= 0.95


def test_an_encoder_that_does_not_say_what_a_chip_carried_is_helped_out_by_what_was_read() -> None:
    closed = signal(14 * DAY + 20 * HOUR, "CL")
    written = [encode(14 * DAY + 25.5 * HOUR + 30 * n, 9000 + n, None) for n in range(20)]
    known = [read(14 * DAY + 19 * HOUR + n, 8000 + n, tid=row["tid"]) for n, row in enumerate(written)]
    assert best(relabel(*known, closed, *written)) >= 0.9
    assert relabel(closed, *written) == []  # goods inwards: nothing was read of these chips before


def test_a_batch_far_beyond_the_usual_size_by_day_to_other_products_is_seen() -> None:
    bulk = [encode(14 * DAY + 11 * HOUR + 30 * n, 9000 + n, 8000 + n, article=2, user="u-9") for n in range(60)]
    assert best(relabel(*bulk)) > 0.8


def test_twice_as_many_as_ever_by_day_are_told_although_sizes_differ_much_here() -> None:
    sizes = (1, 12, 2, 1, 20, 3, 8, 1, 15, 2) * 2
    weeks = [
        encode(day * DAY + 9 * HOUR + 30 * n, 10_000 + day * 100 + n, 20_000 + day * 100 + n)
        for day, size in enumerate(sizes)
        for n in range(size)
    ]
    begin = 21 * DAY + 11 * HOUR
    bulk = [encode(begin + 30 * n, 9000 + n, 8000 + n) for n in range(45)]
    assert best(tell(Relabelling(), [*weeks, *bulk[:20]])) == 0.0, "no more than there were before"
    assert 0.2 < best(tell(Relabelling(), [*weeks, *bulk])) < 0.7, "worth a look, and no proof"


def test_a_batch_by_day_is_judged_too_where_labels_are_hardly_ever_rewritten() -> None:
    bulk = [encode(14 * DAY + 11 * HOUR + 30 * n, 9000 + n, 8000 + n, article=2) for n in range(60)]
    assert best(tell(Relabelling(), [*office_weeks()[:5], *bulk])) > 0.3
    assert best(tell(Relabelling(), bulk)) == 0.0, "of a new site it is not known how it lives"


def test_a_site_that_relabels_in_bulk_every_day_is_not_odd() -> None:
    assert best(tell(Relabelling(), office_weeks(50)[200:])) < 0.3


def test_a_chip_rewritten_past_the_encoder_is_named_and_a_proper_one_is_not() -> None:
    rows = [read(0, 1, tid="A1"), encode(10, 2, 1, tid="A1"), read(20, 2, tid="A1")]
    assert tell(OtherEpc(), rows) == []
    assert len(tell(OtherEpc(), [*rows, read(30, 3, tid="A1")])) == 1
    assert len(tell(OtherEpc(), [*rows, encode(30, 4, 3, tid="A1")])) == 1


def test_a_label_that_was_replaced_and_is_read_once_more_is_late_news() -> None:
    rows = [read(0, 1, tid="A1"), encode(10, 2, 1, tid="A1"), read(HOUR, 1, tid="A1"), read(2 * HOUR, 2, tid="A1")]
    assert tell(OtherEpc(), rows) == []
    assert len(tell(OtherEpc(), [*rows, read(3 * HOUR, 3, tid="A1")])) == 1


def test_one_odd_chip_may_be_an_accident_several_within_a_day_are_not() -> None:
    rows = [read(60 * n, n, tid=f"A{n}") for n in range(6)]
    rows += [read(HOUR + 600 * n, 100 + n, tid=f"A{n}") for n in range(4)]
    scores = [sign.score for sign in tell(OtherEpc(), rows)]
    assert scores[0] < 0.3 < 0.65 < scores[2]
    spread = [read((n + 1) * 26 * HOUR, 100 + n, tid=f"A{n}") for n in range(4)]
    assert best(tell(OtherEpc(), [*rows[:6], *spread])) < 0.3


def test_registered_goods_are_known_before_they_are_first_read() -> None:
    phone = Item(epc="urn:epc:id:sgtin:1.1.7", tid="A1")
    assert tell(OtherEpc(), [read(0, 7, tid="a1")], knowing(phone)) == []
    assert tell(Clone(), [read(0, 7, tid="a1")], knowing(phone)) == []
    assert best(tell(OtherEpc(), [read(0, 8, tid="A1")], knowing(phone))) > 0.6
    assert len(tell(Clone(), [read(0, 7, tid="B1")], knowing(phone))) == 1
    proper = [encode(0, 8, 7, tid="A1"), read(60, 8, tid="A1")]
    assert tell(OtherEpc(), proper, knowing(phone)) == []
    replaced = [encode(0, 7, None, tid="B1"), read(60, 7, tid="B1")]
    assert tell(Clone(), replaced, knowing(phone)) == []


def test_tids_without_serial_number_lower_the_score() -> None:
    signs = tell(OtherEpc(), [read(n, n, tid="E2801160") for n in range(1500)])
    assert signs[-1].score < 0.05


def test_old_news_after_an_outage_is_no_rewritten_chip() -> None:
    rows = [read(HOUR, 1, tid="A1"), encode(2 * HOUR, 2, 1, tid="A1"), read(HOUR + 60, 1, tid="A1")]
    assert tell(OtherEpc(), rows) == []
    assert tell(Clone(), rows) == []


def test_one_epc_on_two_chips_is_a_clone_unless_the_label_was_replaced() -> None:
    assert len(tell(Clone(), [read(0, 1, tid="A1"), read(9, 1, tid="B1")])) == 1
    replaced = [read(0, 1, tid="A1"), encode(5, 1, None, tid="B1"), read(9, 1, tid="B1")]
    assert tell(Clone(), replaced) == []
    assert tell(Clone(), [read(0, 1), read(9, 1)]) == []


def test_goods_that_are_given_the_label_of_others_are_told_at_the_encoder() -> None:
    stock = [read(n, n, tid=f"A{n}") for n in range(6)]
    assert tell(CopiedLabel(), [*stock, encode(60, 1, None, tid="B1")]) == [], "a blank chip replaces a damaged one"
    assert tell(CopiedLabel(), [*stock, encode(60, 2, 2, tid="A2")]) == [], "written once more"
    assert tell(CopiedLabel(), [*stock, encode(60, 9, 2, tid="A2")]) == [], "a new number"
    for previous in (True, False):  # the memory of tags answers where the encoder does not
        signs = tell(
            CopiedLabel(), [*stock, *(encode(60 + n, 0, n if previous else None, tid=f"A{n}") for n in (2, 3))]
        )
        first, second = (sign.score for sign in signs)
        assert 0.6 < first < second


def test_many_copies_in_a_row_are_surer_with_each_and_not_what_is_usual() -> None:
    def day(start: float, first: int, copies: int) -> list[Row]:
        stock = [read(start + n, first + n, tid=f"A{first + n}") for n in range(60)]
        others = [first + 2 * n for n in range(copies)]
        return [*stock, *(encode(start + HOUR + 6 * n, n + 1, n, tid=f"A{n}") for n in others)]

    scores = [sign.score for sign in tell(CopiedLabel(), day(0.0, 0, 30))]
    assert scores == sorted(scores) and len(scores) == 30
    assert scores[MANY - 2] + LOUDER < scores[MANY - 1] > SURE_BY_DAY, "many are a definite sign, and news"
    daily = [row for n in range(6) for row in day(n * 30 * HOUR, 100 * n, 9)]
    assert tell(CopiedLabel(), daily)[-1].score < 0.5, "what happens every day is everyday life"


def test_several_clones_within_a_day_are_surer_than_one_a_week() -> None:
    def scores(pause: float) -> list[float]:
        rows = [read(pause * n + at, n, tid=f"{tid}{n}") for n in range(4) for at, tid in ((0, "A"), (9, "B"))]
        return [sign.score for sign in tell(Clone(), rows)]

    once, *again = scores(600.0)
    assert once < 0.8 < min(again) and len(again) == 3
    assert len(scores(7 * 86400.0)) == 4 and max(scores(7 * 86400.0)) < 0.8


def test_a_label_written_a_third_time_is_a_copy() -> None:
    rows = [encode(n * 60, 1, None, tid=f"A{n}") for n in range(5)]
    assert [sign.evidence["chips"] for sign in tell(Reprint(), rows)] == [3, 4, 5]
    assert tell(Reprint(), [encode(n * 60, 1, None, tid="A1") for n in range(5)]) == []


def crypto(*rows: Row) -> list[Sign]:
    return tell(Crypto(), [*(read(30.0 * n, n, authenticated=n % 100 != 7) for n in range(1000)), *rows])


def test_single_failures_are_everyday_life_many_within_an_hour_are_not() -> None:
    assert crypto(read(30100, 1, authenticated=False)) == []
    assert best(crypto(*(read(40000.0 + n, n, authenticated=False) for n in range(10)))) > 0.3


def test_tags_that_stop_answering_are_seen_where_they_used_to_answer() -> None:
    assert len(crypto(*(read(40000.0 + n, n) for n in range(60)))) > 0
    assert tell(Crypto(), [read(30.0 * n, n) for n in range(3000)]) == []


def shrink(daily: list[int], zone: Detector[Any] | None = None) -> list[Sign]:
    return tell(zone or CountDrift(), [count(day, 200 + off) for day, off in enumerate(daily)])


def test_miscounts_both_ways_and_one_large_one_are_everyday_life() -> None:
    assert shrink([0, 1, -1, 2, -2, 0, -3, 3, 1, -1] * 20) == []
    assert shrink([0] * 30 + [-40, 40] + [0] * 30) == []


def test_an_expected_that_nobody_corrects_is_no_new_loss() -> None:
    assert shrink([0] * 20 + [-4] * 30) == []


def test_tags_that_are_never_read_make_every_count_short_and_are_no_loss() -> None:
    assert shrink([0, -1, 0, 0, -2, 0, -1, 0, 0, 0, -1, -1] * 8) == []


def test_an_uncorrected_expected_with_miscounts_around_it_is_no_new_loss() -> None:
    assert shrink([0, 1, 0, -1, 0, 0] * 4 + [-4, -5, -4, -3, -4, -4, -5, -4, -3, -4] * 3) == []


def test_books_that_are_never_corrected_show_a_loss_by_its_growth() -> None:
    assert shrink([0, 1, 0, -1] * 5 + [-2 * n for n in range(1, 15)])


def test_a_thief_who_takes_from_every_zone_in_turn_is_seen_by_all_of_them_together() -> None:
    rows = [
        count(day, 200 + (0, 1, -1, 0, 2, -2)[(day + zone) % 6], "ABCDEF"[zone])
        for day in range(30)
        for zone in range(6)
    ]
    assert tell(CountDrift(), rows) == []
    rows += [count(30 + day, 200 - 4 * (day % 6 == zone), "ABCDEF"[zone]) for day in range(30) for zone in range(6)]
    signs = tell(CountDrift(), rows)
    assert signs and "several zones" in signs[0].summary


def test_a_little_less_every_day_is_seen_within_a_fortnight() -> None:
    signs = shrink([0, 1, -1, 0, -2, 2] * 5 + [-2, -4, -1, -3, 0, -5, -2, -4, -1, -4, -2, -5, -2, -3])
    assert signs and "fallen short" in signs[0].summary


def test_a_planned_pallet_by_day_is_quiet_an_unknown_one_with_new_labels_at_night_is_definite() -> None:
    rows: list[Row] = [row for day in range(3) for row in story.ordinary_day(day * DAY)]
    for n in range(30):
        rows += [
            read(DAY + 9 * HOUR + 60 * n + k, 10 * n + k, sscc=f"urn:epc:id:sscc:1.SO-0-{n % 2}") for k in range(5)
        ]
    night = 3 * DAY + HOUR
    rows += [encode(night + k, 9000 + k, 8000 + k) for k in range(5)]
    thieves = [read(night + 900 + k, 9000 + k, sscc="urn:epc:id:sscc:1.X") for k in range(5)]
    rows.sort(key=lambda row: row["t"])
    assert tell(UnentitledPallet(), rows) == []
    assert best(tell(UnentitledPallet(), [*rows, *thieves])) >= 0.9


def test_stray_reads_at_a_door_are_not_judged() -> None:
    assert tell(UnentitledPallet(), [signal(0, "CL"), read(HOUR, 1, sscc="urn:x"), read(3 * HOUR, 2)]) == []


def test_goods_moving_while_the_alarm_is_set_are_seen_and_a_single_read_is_not() -> None:
    days: list[Row] = []
    for day in range(5):
        days.append(signal(day * DAY + 6 * HOUR, "OP"))
        days += [read(day * DAY + 8 * HOUR + 300 * n, n, biz_step="picking") for n in range(100)]
        days.append(signal(day * DAY + 20 * HOUR, "CL"))
    night = 4 * DAY + 25 * HOUR
    assert tell(NightReads(), [*days, read(night, 1, biz_step="picking")]) == []
    signs = tell(NightReads(), [*days, *(read(night + 5 * n, n, biz_step="picking") for n in range(9))])
    assert len(signs) == 1 and "the intruder alarm is set" in signs[0].summary


def test_a_tag_in_two_places_in_turn_is_named_and_one_that_moves_is_not() -> None:
    assert tell(TwoPlaces(), [read(60.0 * n, 1, read_point=p) for n, p in enumerate("ABCD")]) == []
    assert len(tell(TwoPlaces(), [read(30.0 * n, 1, read_point=p) for n, p in enumerate("ABA")])) == 1
    overlapping = [read(10.0 * n, n % 20, read_point="AB"[n // 20 % 2]) for n in range(4000)]
    assert not overlapping or tell(TwoPlaces(), overlapping) == []
