"""When people are at a site that declares nothing: learnt, adapted, and not poisoned by night work."""

from collections.abc import Iterator

from detectors.base import Row
from detectors.scene import Scene
from tests.detectors.story import START, event, scene

HOUR, DAY = 3600.0, 86400.0


def undeclared() -> Scene:
    where = scene()
    where.hours.declare(None)
    return where


def live(where: Scene, rows: Iterator[Row]) -> None:
    for row in sorted(rows, key=lambda row: row["t"]):
        where.time = START + row["t"]
        where.clock = max(where.clock, where.time)
        where.learn_one(row["type"], event(row))


def signal(t: float, code: str) -> Row:
    return {"t": t, "type": "alarm.signal", "device": "panel-1", "code": code, "user": "u-1"}


def picks(start: float, end: float) -> Iterator[Row]:
    for t in range(int(start), int(end), 600):
        row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "epc": "urn:epc:id:sgtin:1.1.1"}
        yield {**row, "biz_step": "picking", "read_point": "zone-a"}


def shifts(days: range, opens: float = 6.0, closes: float = 20.0, workdays: int = 5) -> Iterator[Row]:
    for day in days:
        if day % 7 < workdays:
            yield signal(day * DAY + opens * HOUR, "OP")
            yield from picks(day * DAY + opens * HOUR + 60, day * DAY + closes * HOUR)
            yield signal(day * DAY + closes * HOUR, "CL")


def open_at(where: Scene, day: int, hour: float) -> bool:
    return where.open(START + day * DAY + hour * HOUR)


def test_working_hours_are_learnt_within_a_day() -> None:
    where = undeclared()
    live(where, shifts(range(2)))
    assert open_at(where, 2, 10) and not open_at(where, 2, 2)


def test_work_while_the_alarm_is_set_makes_no_working_hours() -> None:
    where = undeclared()
    live(where, iter([*shifts(range(9)), *picks(8 * DAY + 1 * HOUR, 8 * DAY + 4 * HOUR)]))
    live(where, shifts(range(9, 16)))
    assert not open_at(where, 15, 2.5) and open_at(where, 15, 10)


def test_where_a_part_is_set_and_people_work_on_their_hours_are_learnt_all_the_same() -> None:
    where = undeclared()
    nights = [row for day in range(14) for row in picks(day * DAY + 1 * HOUR, day * DAY + 4 * HOUR)]
    live(where, iter([*shifts(range(14)), *nights]))
    assert open_at(where, 15, 2.5)


def test_where_people_work_on_from_the_first_day_under_a_set_alarm_the_second_day_is_open_too() -> None:
    where = undeclared()
    live(where, iter([signal(0.0, "CL"), *picks(60.0, 1.5 * DAY)]))
    assert all(open_at(where, 1, hour) for hour in range(24))
    other = undeclared()
    live(other, iter([*shifts(range(3)), *picks(2 * DAY + 22 * HOUR, 3 * DAY)]))
    live(other, shifts(range(3, 4)))
    assert not open_at(other, 3, 23), "one night in three is no routine"


def test_a_new_night_shift_is_routine_from_its_third_night_on() -> None:
    where = undeclared()
    live(where, shifts(range(14)))
    assert not open_at(where, 14, 2)
    live(where, shifts(range(14, 16), opens=1.0))
    assert open_at(where, 16, 2)
    assert not open_at(where, 19, 2)  # Saturday


def test_two_closed_days_forget_nothing() -> None:
    where = undeclared()
    live(where, shifts(range(15)))
    live(where, shifts(range(17, 19)))  # Tuesday and Wednesday were a holiday
    assert open_at(where, 22, 10) and open_at(where, 23, 10)


def test_a_site_that_never_closes_is_always_open() -> None:
    where = undeclared()
    live(where, picks(0, 10 * DAY))
    assert all(open_at(where, 10, hour) for hour in range(24))


def test_a_closed_site_is_half_staffed_by_day_and_not_at_all_by_night() -> None:
    where = scene()
    where.armed, sunday = True, START + 6 * 86400.0
    where.clock = sunday + 86400.0
    assert [where.staffed(sunday + hour * 3600.0) for hour in (3, 6, 7, 12, 18, 19)] == [0, 0, 0.5, 0.5, 0.5, 0]
    assert where.staffed(START + 12 * 3600.0) == 1, "a Monday"


def test_signals_that_come_late_and_in_any_order_leave_the_alarm_as_it_was_left() -> None:
    where = undeclared()

    def hear(code: str, hour: float, at: float) -> None:
        where.time, where.clock = START + hour * HOUR, START + at * HOUR
        where.learn_one("alarm.signal", event(signal(hour * HOUR, code)))

    hear("CL", 20, 21.0)
    hear("OP", 6, 21.1)
    assert where.armed is True
    hear("OP", 40, 22.0)  # by a clock that is ahead
    hear("CL", 22.5, 22.5)
    assert where.armed is True
