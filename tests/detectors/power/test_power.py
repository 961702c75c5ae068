"""Stories of the supply."""

import random
from collections.abc import Iterator

import pytest

from detectors.base import Row
from detectors.power.feed_lost import FeedLost
from detectors.power.load import Load
from detectors.power.mains_loss import MainsLoss
from detectors.power.on_battery import OnBattery
from detectors.power.quality import Quality
from detectors.power.transfer import Transfer
from detectors.power.ups_bypassed import UpsBypassed
from detectors.power.ups_dying import UpsDying
from tests.detectors.story import scene, tell


def reading(t: float, feed: str = "grid-a", voltage: float = 230.0, load: float | None = None) -> Row:
    row: Row = {"t": t, "type": "power.reading", "device": f"m-{feed}", "feed": feed, "voltage": voltage}
    return {**row, "frequency": 50.0 if voltage else 0.0, "load": load}


def ups(t: float, *flags: str, **more: object) -> Row:
    return {"t": t, "type": "power.status", "device": "ups-1", "status": list(flags), **more}


def test_mains_loss_is_seen_at_once_and_confirmed_when_it_lasts() -> None:
    story = [ups(0, "OL"), ups(180, "OB", input_voltage=4.0), {"tick": 182}, {"tick": 194}, {"tick": 200}]
    assert [sign.score for sign in tell(Transfer(), story)] == [0.3]
    (sign,) = tell(OnBattery(), story)
    assert sign.score == 0.9 and sign.evidence["lasted_s"] <= 20.0


@pytest.mark.parametrize("lasting", [0.3, 2.0, 5.0, 9.0])
def test_a_blink_is_no_mains_loss(lasting: float) -> None:
    story = [ups(0, "OL"), ups(180, "OB", input_voltage=4.0), ups(180 + lasting, "OL"), {"tick": 210}, {"tick": 900}]
    assert tell(OnBattery(), story) == []


@pytest.mark.parametrize("reason", ["selfTest", "SELF TEST", "self_test", "manual test"])
def test_a_battery_test_is_no_transfer(reason: str) -> None:
    story = [ups(0, "OL"), ups(60, "OB", input_voltage=231.0, transfer_reason=reason), {"tick": 600}]
    assert tell(Transfer(), story) == [] and tell(OnBattery(), story) == [] and tell(UpsDying(), story) == []


def test_one_feed_after_the_other() -> None:
    story = [reading(0), reading(1, "grid-b"), reading(180, voltage=0.0), reading(500, "grid-b", voltage=2.0)]
    assert [sign.key for sign in tell(FeedLost(), story)] == ["grid-a"]
    assert len(tell(MainsLoss(), story)) == 1


def test_a_feed_that_was_never_live_is_not_missed() -> None:
    story = [row for t in range(0, 1800, 180) for row in (reading(t), reading(t + 1, "grid-b", voltage=0.0))]
    assert tell(FeedLost(), story) == [] and tell(MainsLoss(), story) == []


def test_a_single_feed_site_loses_its_mains_once() -> None:
    story = [reading(0), *(reading(t, voltage=0.0) for t in range(180, 3600, 180))]
    assert len(tell(MainsLoss(), story)) == 1 and tell(FeedLost(), story) == []


def test_a_ups_last_seen_on_battery_and_then_silent_is_dead() -> None:
    alive = [row for t in range(0, 3600, 180) for row in (ups(t, "OL", battery_charge=99.0), reading(t + 1))]
    dying = [ups(3600, "OB", battery_charge=60.0), *(reading(t) for t in range(3660, 5400, 60)), {"tick": 5400}]
    (sign,) = tell(UpsDying(), [*alive, *dying])
    assert sign.key == "silent" and sign.score > 0.8


def test_a_ups_on_mains_that_falls_silent_is_not_dead() -> None:
    story = [ups(t, "OL") for t in range(0, 3600, 180)]
    assert tell(UpsDying(), [*story, {"tick": 9000}]) == []


def test_a_low_battery_is_said_once() -> None:
    story = [ups(t, "OB", "LB", battery_charge=9.0) for t in range(0, 1800, 180)]
    assert [sign.key for sign in tell(UpsDying(), story)] == ["low"]


def loads(days: int, seed: int, feed: str = "ups", noise: float = 0.04) -> Iterator[Row]:
    """Load of a feed every three minutes: more on weekdays from six to eight, with noise in proportion."""
    chance = random.Random(seed)
    for step in range(days * 480):
        hour, day = step % 480 / 20, step // 480
        level = 5000.0 * (2.2 if 6 <= hour < 20 and day % 7 < 5 else 1.0)
        yield reading(step * 180, feed, load=level * chance.lognormvariate(0.0, noise))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("noise", [0.02, 0.17])
def test_three_weeks_of_ordinary_load_are_quiet(seed: int, noise: float) -> None:
    assert len(tell(Load(), loads(21, seed, noise=noise))) <= 1


def test_a_circuit_switched_off_at_night_is_seen() -> None:
    story = list(loads(8, 1))
    off = [reading(8 * 86400 + 3600 + 180 * n, "ups", load=3000.0) for n in range(3)]
    before = [reading(8 * 86400 + 180 * n, "ups", load=5000.0 + n) for n in range(20)]
    assert [sign.key for sign in tell(Load(), [*story, *before, *off])] == ["fall"]


def test_two_feeds_that_fall_together_at_night_are_surer_than_one() -> None:
    story = sorted([*loads(8, 1, "grid-a"), *loads(8, 2, "ups")], key=lambda row: row["t"])
    night = [
        reading(8 * 86400 + 180 * n + late, feed, load=5000.0 if n < 20 else 3300.0)
        for n in range(22)
        for late, feed in ((0, "grid-a"), (30, "ups"))
    ]
    first, second = tell(Load(), [*story, *night])
    assert (first.key, second.key) == ("fall", "fall") and first.score + 0.1 < second.score


def test_machines_that_stop_with_the_shift_are_learnt_and_the_same_fall_at_night_is_not() -> None:
    story = []
    for row in loads(15, 2):
        hour = row["t"] % 86400 / 3600
        row["load"] *= 1.8 if 6 <= hour < 12.25 and row["t"] // 86400 % 7 < 5 else 1.0
        story.append(row)
    assert len(tell(Load(), story)) == 0
    night = [reading(15 * 86400 + 180 * n, "ups", load=5000.0 if n < 30 else 2600.0) for n in range(40)]
    assert [sign.key for sign in tell(Load(), [*story, *night])] == ["fall"]


def test_a_constant_load_is_quiet_and_its_fall_is_seen() -> None:
    story = [reading(180 * n, "ups", load=4000.0) for n in range(2000)]
    assert tell(Load(), story) == []
    assert [sign.key for sign in tell(Load(), [*story, reading(180 * 2000, "ups", load=2500.0)])] == ["fall"]


def test_a_brand_new_feed_is_quiet() -> None:
    assert tell(Load(), [reading(0, load=5000.0), reading(180, load=10.0), reading(360, load=9000.0)]) == []


def test_constant_voltage_is_quiet_and_a_single_sag_is_life() -> None:
    story = [reading(180 * n) for n in range(500)]
    story[300]["voltage"] = 170.0
    assert tell(Quality(), story) == []


def test_a_sag_that_stays_is_seen_once() -> None:
    story = [reading(180 * n, voltage=230.0 if n < 400 else 190.0) for n in range(420)]
    assert len(tell(Quality(), story)) == 1


def test_a_grid_dead_from_the_very_first_reading_is_seen_once() -> None:
    story = [
        row for t in range(0, 1800, 180) for row in (reading(t, voltage=0.0), reading(t + 1, "grid-b", voltage=1.0))
    ]
    signs = tell(MainsLoss(), story)
    assert {sign.key for sign in signs} == {"mains"} and len(signs) == 2  # the second is the same finding
    assert tell(MainsLoss(), [reading(0, voltage=0.0), reading(2, "grid-b")]) == []


def test_a_declared_feed_dead_from_the_very_first_reading_is_a_weak_sign() -> None:
    story = [row for t in range(0, 1800, 180) for row in (reading(t), reading(t + 1, "grid-b", voltage=0.0))]
    where = scene()
    where.feeds = frozenset(("grid-a", "grid-b"))
    (sign,) = tell(FeedLost(), story, where)
    assert sign.key == "grid-b" and sign.score < 0.2
    later = [*story, reading(1800, "grid-b"), reading(1980, "grid-b", voltage=0.0)]
    where = scene()
    where.feeds = frozenset(("grid-a", "grid-b"))
    assert [round(sign.score, 2) for sign in tell(FeedLost(), later, where)] == [0.15, 0.5]


@pytest.mark.parametrize(("flags", "waits", "score"), [(("OB", "LB"), 1200, 0.85), (("OB",), 2400, 0.5)])
def test_a_ups_that_takes_the_whole_site_with_it_is_dead_all_the_same(
    flags: tuple[str, ...], waits: int, score: float
) -> None:
    story: list[Row] = [row for t in range(0, 3600, 180) for row in (ups(t, "OL"), reading(t + 1))]
    story += [ups(3600, *flags, battery_charge=50.0, input_voltage=2.0), reading(3601, voltage=0.0)]
    ticks: list[Row] = [{"tick": t} for t in range(3660, 3601 + waits, 30)]
    signs = [sign for sign in tell(UpsDying(), [*story, *ticks]) if sign.key == "silent"]
    assert [sign.score for sign in signs] == [score]


def test_a_ups_switched_off_at_night_says_more_than_by_day() -> None:
    (day,) = tell(UpsBypassed(), [ups(9 * 3600, "OL"), ups(10 * 3600, "OFF")])
    (night,) = tell(
        UpsBypassed(), [ups(1 * 3600, "OL"), ups(2 * 3600, "OL", "BYPASS"), ups(2.1 * 3600, "OL", "BYPASS")]
    )
    assert day.score < 0.2 < night.score
