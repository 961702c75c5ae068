"""The univariate detector by itself: what it must be silent on, what it must see, and that it remembers no more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan
from random import Random

import msgspec
import pytest

from detectors.extremes import Extremes, HourExtremes
from detectors.state import dump, fill
from detectors.univariate import RecordNovelty, factory
from tests.quality import nab

START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)
DAY = 288
NOTABLE = 0.11
"""The score from which on NAB's rules are served best."""
Stream = list[tuple[float, datetime]]


def stream(length: int, value: Callable[[int], float]) -> Stream:
    return [(value(n), START + n * STEP) for n in range(length)]


def noisy(seed: int = 1, length: int = 12 * DAY) -> Stream:
    """A day's rhythm with noise."""
    rng = Random(seed)
    return stream(length, lambda n: 100.0 + (40.0 if 96 <= n % DAY < 216 else 0.0) + rng.gauss(0.0, 3.0))


def scores(rows: Stream, detector: RecordNovelty | None = None) -> list[float]:
    made = detector or factory()
    return [made.update(value, at) for value, at in rows]


def after(rows: Stream, values: list[float]) -> Stream:
    """The rows, then these values in the same step."""
    return rows + [(value, rows[-1][1] + (n + 1) * STEP) for n, value in enumerate(values)]


@pytest.mark.parametrize("value", [0.0, 45.0, -1e-9, 1e300, 0.1])
def test_a_constant_stream_is_silent(value: float) -> None:
    assert max(scores(stream(3000, lambda n: value))) == 0.0


def test_what_arithmetic_leaves_of_equal_numbers_is_no_news() -> None:
    assert max(scores(stream(3000, lambda n: 230.1 + (n % 3 == 0) * 1e-13))) == 0.0
    assert max(scores(stream(3000, lambda n: 0.1 * (n % 10)))[DAY:]) == 0.0


def test_the_first_change_of_a_constant_stream_is_news() -> None:
    assert scores(after(stream(1000, lambda n: 20.0), [21.0]))[-1] > NOTABLE


def test_a_new_stream_is_not_news() -> None:
    rng = Random(2)
    assert max(scores(stream(DAY, lambda n: rng.gauss(100.0, 3.0)))) < NOTABLE


def test_ordinary_days_are_rarely_news() -> None:
    rows = noisy(length=28 * DAY)
    assert sum(score > NOTABLE for score in scores(rows)) <= 5


@pytest.mark.parametrize("value", [250.0, -100.0])
def test_a_spike_is_news_at_once(value: float) -> None:
    assert scores(after(noisy(), [value]))[-1] > 2 * NOTABLE


def test_a_day_value_at_night_is_news() -> None:
    assert max(scores(after(noisy(), [140.0] * 6))[-6:]) > 2 * NOTABLE


def test_noise_that_swells_is_news() -> None:
    rng = Random(3)
    assert max(scores(after(noisy(), [100.0 + rng.gauss(0.0, 20.0) for _ in range(24)]))[-24:]) > NOTABLE


def test_a_bursting_stream_is_told_once() -> None:
    rows = after(noisy(), [100.0 + 20.0 * (n % 5) for n in range(100)])
    told = [score for score in scores(rows)[-100:] if score > NOTABLE]
    assert 1 <= len(told) <= 4
    assert all(a < b for a, b in pairwise(told))


def test_bursts_from_the_first_event_on_are_no_news() -> None:
    rng = Random(5)
    rows = stream(14 * DAY, lambda n: 500.0 if rng.random() < 0.05 else rng.random())
    assert sum(score > NOTABLE for score in scores(rows)[10 * DAY :]) == 0


def test_unit_and_offset_are_no_matter() -> None:
    rows = after(noisy(), [180.0, 60.0])
    scaled = [(1024.0 * value - 51200.0, at) for value, at in rows]
    assert scores(scaled) == pytest.approx(scores(rows), abs=1e-6)


def test_a_prefix_scores_the_same_without_the_rest() -> None:
    rows = after(noisy(), [250.0, *[20.0] * 50])
    assert scores(rows)[:2000] == scores(rows[:2000])


def test_scoring_changes_nothing_and_agrees_with_update() -> None:
    detector = factory()
    scores(noisy(), detector)
    before = dump(detector)
    value, at = 180.0, START + 12 * DAY * STEP
    assert detector.score_one(value, at) > NOTABLE
    assert dump(detector) == before
    twin = factory()
    fill(twin, before)
    twin.learn_one(value, at)
    assert detector.score_one(value, at) == detector.update(value, at)
    assert dump(twin) == dump(detector)


def test_state_survives_a_round_trip_and_goes_on_the_same() -> None:
    rows = after(noisy(length=40 * DAY), [250.0, 90.0, 300.0])
    whole, first, second = factory(), factory(), factory()
    expected = scores(rows, whole)
    cut = 35 * DAY + 7
    told = scores(rows[:cut], first)
    blob = msgspec.msgpack.encode(dump(first))
    assert len(blob) < 5_000
    fill(second, msgspec.msgpack.decode(blob))
    assert told + scores(rows[cut:], second) == expected
    assert dump(second) == dump(whole)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_no_number_scores_nothing_and_teaches_nothing(value: float) -> None:
    detector = factory()
    scores(noisy(length=500), detector)
    before = dump(detector)
    assert detector.update(value, START) == detector.score_one(value, START) == 0.0
    assert dump(detector) == before


def test_the_largest_numbers_stay_within_bounds() -> None:
    rng = Random(8)
    wild = (0.0, 5e-324, 1.7e308, -1.7e308, 1.0, 1e-300)
    told = scores(stream(5000, lambda n: 1.0 if n < 1000 else rng.choice(wild)))
    assert all(0.0 <= score <= 1.0 for score in told) and max(told) > NOTABLE


def test_repeated_backward_and_leaping_times_are_taken() -> None:
    rng = Random(9)
    rows = [(value, at + timedelta(minutes=rng.choice([0, 0, -90, 45, -1500]))) for value, at in noisy()]
    assert sum(score > NOTABLE for score in scores(rows)[3 * DAY :]) <= 8
    assert scores(after(rows, [300.0]))[-1] > NOTABLE
    frozen = [(value, START) for value, _ in noisy()]
    assert scores([*frozen, (300.0, START)])[-1] > NOTABLE
    assert scores([*after(noisy(), [300.0])[:-1], (300.0, datetime(2031, 1, 1, tzinfo=UTC))])[-1] > NOTABLE


def test_extremes_are_forgotten_after_two_generations() -> None:
    extremes = Extremes(2)
    assert extremes.excess(0, 5.0) == extremes.span(0) == 0.0
    for x in (50.0, 1.0, 2.0):
        extremes.learn(0, x)
    extremes.turn()
    extremes.learn(0, 3.0)
    assert extremes.excess(0, 51.0) == 1.0 and extremes.excess(0, -1.0) == 2.0 and extremes.span(0) == 49.0
    extremes.turn()
    assert extremes.excess(0, 51.0) == 48.0 and extremes.excess(1, 51.0) == 0.0


def test_hours_forget_by_weeks_and_need_days_to_be_trusted() -> None:
    hours = HourExtremes(weeks=1, warm=4.0)
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    hours.learn(50.0, first)
    assert hours.excess(60.0, first) == 0.0
    for day in range(1, 5):
        hours.learn(10.0, first + timedelta(days=day))
    assert hours.excess(60.0, first + timedelta(days=5)) == pytest.approx(10.0 * 5 / 9)
    assert hours.excess(60.0, first + timedelta(hours=5)) == 0.0
    for day in range(5, 15):
        hours.learn(10.0, first + timedelta(days=day))
    assert hours.excess(60.0, first + timedelta(days=15)) > 35.0


@pytest.mark.skipif(not (nab.SHARED / "data" / "nab").is_dir(), reason="../shared/data/nab is not here")
def test_the_benchmark_keeps_its_floor() -> None:
    rules = nab.scorer()
    files = rules.load(nab.SHARED / "data" / "nab", "*")
    cost, size = nab.run(files, nab.declared())
    assert rules.best_score(files, nab.STANDARD)[0] >= 75.0
    assert cost < 50.0 and size < 50_000
    flat = next(file for file in files if file["name"].endswith("art_flatline.csv"))
    assert max(flat["scores"]) == 0.0
