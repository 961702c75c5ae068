"""What a device sends again is recognised, however far back; what is new never is taken for it."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.state import dump, fill
from streams.incidents.backtest import Backtest
from streams.incidents.model import moment
from streams.incidents.runs import MOST
from streams.incidents.sequence import REMEMBERED, Tracker
from streams.telemetry.recording import Line, clocked
from tests.telemetry.sent import wire

SITE = "FR-93-DUGNY"
START = 1_760_000_000.0
Object = tuple[int, float]
"""Sequence, time."""


def told(count: int, first: int = 0, at: float = START, every: float = 1.0) -> list[Object]:
    """So many objects of one device; two neighbours may be the wrong way round by their times."""
    dice = Random(first)
    return [(first + n, round(at + n * every + dice.uniform(0.0, 1.4), 3)) for n in range(count)]


def heard(*lives: list[Object]) -> Tracker:
    tracker = Tracker()
    for life in lives:
        assert not any(tracker.repeats(*one) for one in life)
    return tracker


def again(tracker: Tracker, objects: list[Object]) -> int:
    return sum(tracker.repeats(*one) for one in objects)


def test_a_producer_s_last_ten_thousand_come_again() -> None:
    life = told(50_000)
    tracker = heard(life)
    assert again(tracker, life[-10_000:]) == 10_000
    assert again(tracker, life) == 50_000, "and all that ever came"
    assert not tracker.repeats(50_000, life[-1][1] + 1.0), "it goes on"
    assert len(tracker.past.numbers) <= 2 * MOST


def test_a_snapshot_between_changes_nothing() -> None:
    life = told(3_000)
    tracker = heard(life[:2_000])
    copy = Tracker()
    fill(copy, dump(tracker))
    assert [copy.repeats(*one) for one in (*life[500:2_500], *life)] == [False] * 0 + [True] * 1_500 + [False] * 500 + [
        one[0] < 2_500 for one in life
    ]


def test_a_restart_begins_another_life_and_both_are_known() -> None:
    lives = [told(700), told(40, at=START + 5_000), told(2_000, at=START + 6_000)]
    tracker = heard(*lives)
    assert again(tracker, [one for life in lives for one in life]) == 2_740


def test_a_restart_with_a_clock_that_is_behind_is_no_repeat() -> None:
    tracker = heard(told(5_000), told(600, at=START + 4_700))
    assert again(tracker, told(600, at=START + 4_700)) > 500


@pytest.mark.parametrize("back", [1, 20, 40, 300, 4_000])
def test_what_is_played_again_later_is_news(back: int) -> None:
    life = told(5_000)
    tracker = heard(life)
    played = [(number, START + 6_000 + n) for n, (number, _) in enumerate(life[-back:][:30])]
    assert again(tracker, played) == 0
    assert again(tracker, played) == len(played), "but the copies themselves come once"
    going_on = told(500, first=5_000, at=START + 7_000)
    assert again(tracker, going_on) == 0
    assert again(tracker, [*life[-2_000:], *going_on]) == 2_500


def test_a_number_again_at_another_time_is_news_to_the_millisecond() -> None:
    life = told(1_000)
    tracker = heard(life)
    assert again(tracker, [(number, time - 0.001) for number, time in life[-30:]]) == 0
    assert again(tracker, life[-30:]) == 30
    assert not tracker.repeats(500, life[900][1]), "nor is an old one at a time that was another's"


def test_two_events_of_one_message_are_two() -> None:
    tracker = Tracker()
    sent = [(n, START + n + part / 1000) for n in range(300) for part in (0, 1)]
    assert again(tracker, sent) == 0
    assert again(tracker, sent[: -2 * REMEMBERED]) == len(sent) - 2 * REMEMBERED


def test_a_batch_without_numbers_that_comes_twice_is_dropped_the_second_time() -> None:
    tracker = Tracker()
    sent = [(f"status {n}".encode(), START + 20.0 * n) for n in range(500)]
    for start in range(0, 500, 25):
        batch = sent[start : start + 25]
        assert not any(tracker.echoes(*one) for one in batch)
        assert sum(tracker.echoes(*one) for one in batch) >= 23


def test_gaps_are_filled_later_and_once() -> None:
    life = told(4_000)
    late = [one for one in life if one[0] % 500 == 7 or 1_000 <= one[0] < 1_900]
    kept = set(late)
    tracker = heard([one for one in life if one not in kept], late)
    assert again(tracker, life[-400:]) == 400
    assert again(tracker, late[-1:]) == 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nothing_new_is_ever_dropped(data: st.DataObject) -> None:
    """Losses, restarts, clocks that are set, late ones, copies at new times, and repeats of anything between."""
    dice = Random(data.draw(st.integers(0, 10**6)))
    tracker, seen, log = Tracker(), set[Object](), list[Object]()
    number, time = dice.choice((0, 1, 70_000)), START
    born = time
    lossy = data.draw(st.sampled_from((0.0, 0.01, 0.4)))
    send: list[Object] = []
    for _ in range(data.draw(st.integers(1, 1_500))):
        time += dice.choice((0.001, 1.0, 60.0))
        fate = dice.random()
        if fate < 0.002:
            number, time = dice.randrange(10), max((at for _, at in log), default=time) + 30.0
            born = time
        elif fate < 0.004:
            time = max(time + dice.uniform(-300.0, 300.0), born)  # further back its numbers mean other things
        elif fate < 0.03 and log:
            old = dice.choice(log)
            time = max(time, max(at for _, at in log) + 0.001)
            send = [(old[0], time)]
            time += 0.001
        elif fate < 0.05 and log:
            at = dice.randrange(len(log))
            send = log[at : at + 20]
        if fate >= 0.05 or fate < 0.004:
            number += 1 + (dice.random() < lossy)
            send = [(number, round(time, 3))]
        for one in send:
            repeat = tracker.repeats(*one)
            assert not repeat or one in seen, one
            seen.add(one)
            log.append(one)


def line(number: int, arrival: float) -> Line:
    """Say as a panel its message of a number: test reports, and one alarm."""
    time = moment(START + number * 10).isoformat(timespec="milliseconds")
    body = {"type": "alarm.signal", "site": SITE, "device": "panel", "sequence": number, "time": time}
    return Line("telemetry.alarm", SITE.encode(), wire({**body, "code": "BA" if number == 150 else "RP"}), arrival, 0)


def test_a_panel_s_messages_sent_again_hours_later_are_none() -> None:
    first = [line(number, START + number * 10) for number in range(400)]
    second = [line(number, START + 9_000 + number / 100) for number in range(400)]
    once, twice = Backtest(), Backtest()
    told = [
        [one for one in run if one["event"] == "finding"]
        for run in (once.run(clocked(first)), twice.run(clocked([*first, *second])))
    ]
    assert [finding["finding"].detector for finding in told[0]] == ["alarm.burglary"]
    assert told[0] == told[1]
    assert (once.shard.stats.duplicates, twice.shard.stats.duplicates) == (0, 400)
