"""A feed's load, judged by five-minute means against all that it has shown."""

from collections.abc import Iterable

from detectors.base import Row
from detectors.power.load_profile import LoadProfile
from tests.detectors.story import START, event, scene, tell

HOUR = 3600.0
DAY = 24 * HOUR


def reading(t: float, load: float, feed: str = "grid-a", voltage: float = 230.0) -> Row:
    row: Row = {"t": t, "type": "power.reading", "device": "m-1", "feed": feed, "voltage": voltage}
    return row | {"frequency": 50.0, "load": load}


def days(count: int) -> Iterable[Row]:
    """Readings every 100 s, busy from 7 to 19 h."""
    for n in range(int(count * DAY / 100.0)):
        hour = n * 100.0 / HOUR % 24
        yield reading(n * 100.0, (9000.0 if 7 <= hour < 19 else 5000.0) + 20.0 * (n * 7 % 11))


def test_a_machine_that_runs_at_night_is_told_within_ten_minutes() -> None:
    detector, where = LoadProfile(), scene()
    assert tell(detector, days(7), where) == []
    night = 7 * DAY + 2 * HOUR
    rows = [*(reading(7 * DAY + 100.0 * n, 5000.0 + 20.0 * (n % 11)) for n in range(72))]
    signs = tell(detector, [*rows, *(reading(night + 100.0 * n, 12000.0) for n in range(9))], where)
    assert len(signs) == 1 and signs[0].key == "grid-a"
    assert signs[0].evidence["load"] > signs[0].evidence["before"]


def test_one_odd_reading_among_three_counts_as_their_mean() -> None:
    detector, where = LoadProfile(), scene()
    tell(detector, days(7), where)
    rows = [reading(7 * DAY + 100.0 * n, 5800.0 if n == 1 else 5000.0) for n in range(9)]
    assert tell(detector, rows, where) == []


def test_a_disturbed_supply_explains_it() -> None:
    detector, where = LoadProfile(), scene()
    tell(detector, days(7), where)
    at = 7 * DAY
    rows = [reading(at, 0.0, voltage=0.0), *(reading(at + 100.0 * n, 30000.0) for n in range(1, 9))]
    assert tell(detector, rows, where) == []


def test_late_readings_and_clocks_far_ahead_are_left_out() -> None:
    detector, where = LoadProfile(), scene()
    tell(detector, days(7), where)
    assert tell(detector, [reading(6 * DAY + 100.0 * n, 50000.0) for n in range(9)], where) == []
    where.clock, where.time = START + 7 * DAY, START + 8 * DAY
    before = detector.feeds["grid-a"].start
    [ahead] = [reading(8 * DAY, 50000.0)]
    assert detector.step(event(ahead), where) is None
    assert detector.feeds["grid-a"].start == before


def test_a_constant_load_is_silent() -> None:
    detector = LoadProfile()
    assert tell(detector, (reading(100.0 * n, 230.1) for n in range(6000))) == []
