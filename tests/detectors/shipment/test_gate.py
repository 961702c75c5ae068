"""Lorries at the gate: visitors and early birds, and one that comes when nobody should."""

from detectors.base import Row, Sign
from detectors.shipment import story
from detectors.shipment.story import HOUR, gate, loaded, planned
from detectors.shipment.unexpected_lorry import UnexpectedLorry
from tests.detectors.story import tell

DAY = 24 * HOUR
MORNING = 14 * DAY + 8 * HOUR  # a Monday


def weeks() -> list[Row]:
    return [row for day in range(14) if day % 7 < 5 for row in story.ordinary_day(day * DAY)]


def seen(*rows: Row) -> list[Sign]:
    return tell(UnexpectedLorry(), [*weeks(), *rows])


def test_visitors_by_day_and_a_subcontractor_are_everyday_life() -> None:
    assert seen(gate(MORNING, "QQ11AAA"), gate(MORNING + HOUR, "QQ11AAA", "out"), gate(MORNING, "QQ12AAA")) == []


def test_a_stranger_that_comes_in_while_the_alarm_is_set_is_named_before_anything_is_loaded() -> None:
    night = MORNING - 6 * HOUR
    signs = seen(gate(night, "QQ99XYZ"))
    assert len(signs) == 1 and signs[0].score > 0.3
    assert "the intruder alarm is set" in signs[0].summary and "no order due names it" in signs[0].summary
    due = planned(night - 8 * HOUR, "SO-X", night, "LEW4660")
    assert seen(due, gate(night, "LEW4660"))[0].score < signs[0].score
    assert "unexpected" not in seen(due, gate(night, "QQ99XYZ", likelihood=0.4))[0].evidence["facts"]


def test_a_stranger_that_comes_again_the_next_night_says_more_than_another_one() -> None:
    night = MORNING - 6 * HOUR
    again, other = (seen(gate(night, plate), gate(night + DAY, "QQ99XYZ"))[-1] for plate in ("QQ99XYZ", "QQ98ABC"))
    assert again.score > other.score + 0.15 and "it was here out of hours before" in again.summary
    by_day = seen(gate(MORNING, "QQ99XYZ"), gate(night + DAY, "QQ99XYZ"))[-1]
    assert abs(by_day.score - other.score) < 0.05, "who was here by day is no scout"


def test_a_site_whose_lorries_come_at_night_learns_it() -> None:
    nights = [gate(day * DAY + 26 * HOUR + 600 * n, f"KCDT04{n}") for day in range(20) for n in range(5)]
    signs = tell(UnexpectedLorry(), [story.signal(0.0, "CL"), *nights])
    assert not signs or signs[-1].score < 0.1


def test_a_loaded_lorry_that_leaves_with_no_departure_booked_adds_to_what_is_odd() -> None:
    night = MORNING - 6 * HOUR
    rows = [planned(night - 9 * HOUR, "SO-X", night, "LEW4660"), gate(night, "LEW4660")]
    rows += [loaded(night + 600, "SO-X", "LEW4660", 0), gate(night + 1800, "LEW4660", "out")]
    assert "not_signed_off" in seen(*rows)[-1].evidence["facts"]
    rows.insert(3, story.departed(night + 1200, "SO-X", "LEW4660"))
    assert "not_signed_off" not in seen(*rows)[-1].evidence["facts"]
