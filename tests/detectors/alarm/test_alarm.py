"""Stories of the intruder alarm."""

import random
from collections.abc import Iterator

import pytest

from detectors.alarm.burglary import Burglary
from detectors.alarm.disarm import Disarm
from detectors.alarm.echo import EchoedRadio
from detectors.alarm.interference import Interference
from detectors.alarm.path_down import PathDown
from detectors.alarm.path_lost import PathLost
from detectors.alarm.replay import Replay
from detectors.base import Row, Sign
from tests.detectors.story import scene, tell

HOUR, DAY = 3600.0, 86400.0


def signal(t: float, code: str, **more: object) -> Row:
    return {"t": t, "type": "alarm.signal", "device": "panel-1", "code": code, **more}


def first(signs: list[Sign]) -> Sign:
    assert signs
    return signs[0]


def paths(end: int, down: dict[str, int]) -> Iterator[Row]:
    for t in range(0, end, 60):
        for name, path in (("panel-ip", "ip"), ("panel-cell", "cellular"), ("pir-1", "radio"), ("pir-2", "radio")):
            if t < down.get(path, end):
                yield {"t": t, "type": "alarm.heartbeat", "device": name, "path": path}
        yield {"tick": t + 30}


def test_one_path_down_and_both() -> None:
    assert tell(PathDown(), paths(9000, {})) == [] and tell(PathLost(), paths(9000, {})) == []
    one = {"ip": 6000}
    assert len(tell(PathDown(), paths(9000, one))) == 1 and tell(PathLost(), paths(9000, one)) == []
    both = {"ip": 6000, "cellular": 6600}
    assert [sign.key for sign in tell(PathLost(), paths(9000, both))] == ["all"]


def working_days(days: int, hour: float = 5.6, users: int = 4) -> Iterator[Row]:
    chance = random.Random(3)
    for day in range(days):
        if day % 7 < 5:
            yield signal(day * DAY + (hour + chance.gauss(0, 0.2)) * HOUR, "OP", user=f"u-{chance.randrange(users)}")
            yield signal(day * DAY + (19.5 + chance.gauss(0, 0.3)) * HOUR, "CL", user=f"u-{chance.randrange(users)}")


def test_disarmed_at_night() -> None:
    story = [*working_days(10), signal(10 * DAY + 2.2 * HOUR, "OP", user="u-1")]
    (sign,) = tell(Disarm(), story)
    assert sign.score >= 0.6 and "02:12" in sign.summary


def test_disarmed_at_night_by_a_stranger_is_surer() -> None:
    night = 14 * DAY + 2.2 * HOUR
    (known,) = tell(Disarm(), [*working_days(14), signal(night, "OP", user="u-1")])
    (stranger,) = tell(Disarm(), [*working_days(14), signal(night, "OP", user="u-99")])
    assert stranger.score > known.score


def test_disarmed_on_the_second_night_of_a_new_site_without_declared_hours() -> None:
    where = scene()
    where.hours.declare(None)
    story = [*working_days(2), signal(2 * DAY + 1.0 * HOUR, "OP", user="u-1")]
    (sign,) = tell(Disarm(), story, where)
    assert sign.score > 0.4


def test_a_night_shift_beyond_the_declared_hours_is_learnt() -> None:
    late = [signal(day * DAY + 22.4 * HOUR, "OP", user="u-7") for day in range(14)]
    story = sorted([*working_days(14), *late], key=lambda row: row["t"])
    scores = [sign.score for sign in tell(Disarm(), story)]
    assert 1 <= len(scores) <= 4  # the first workday, Saturday and Sunday


def test_the_first_saturday_is_less_odd_than_a_night() -> None:
    saturday = tell(Disarm(), [*working_days(5), signal(5 * DAY + 9 * HOUR, "OP", user="u-1")])
    night = tell(Disarm(), [*working_days(5), signal(5 * DAY + 2 * HOUR, "OP", user="u-1")])
    assert sum(sign.score for sign in saturday) < night[0].score


def test_an_odd_hour_weighs_less_at_a_young_site() -> None:
    def night(day: int) -> float:
        return tell(Disarm(), [*working_days(day), signal(day * DAY + 2.0 * HOUR, "OP", user="u-1")])[-1].score

    assert night(1) < 0.8 * night(11)
    strangers = [signal(n * 600.0 + 6 * HOUR, "OP", user=f"u-{n}") for n in range(11)]
    (first_night,) = tell(Disarm(), [*strangers, signal(DAY + 1.0 * HOUR, "OP", user="u-50")])
    assert not first_night.evidence["new_user"] and first_night.score < 0.6


def test_a_site_opened_ten_times_a_day_is_no_news() -> None:
    story = [signal(day * DAY + (7 + hour) * HOUR, "OP", user="u-1") for day in range(28) for hour in range(10)]
    assert tell(Disarm(), [row for row in story if row["t"] // DAY % 7 < 5][10:]) == []


def test_a_user_of_the_day_shift_at_the_hour_of_the_night_shift_is_a_weak_sign() -> None:
    story = []
    for day in range(28):
        if day % 7 < 5:
            story += [signal(day * DAY + 6 * HOUR, "OP", user="day"), signal(day * DAY + 19 * HOUR, "OP", user="night")]
    (sign,) = tell(Disarm(), [*story, signal(28 * DAY + 19 * HOUR, "OP", user="day")])
    assert sign.key == "shift" and sign.score <= 0.2


def test_a_cleaner_is_no_burglar() -> None:
    cleaner = tell(Burglary(), [signal(5 * HOUR, "BA", zone="Z1"), signal(5.1 * HOUR, "OP", user="u-1")])
    assert first(cleaner).score < 0.4
    night = [signal(2 * HOUR, "CL"), signal(26 * HOUR, "BA", zone="Z1"), signal(26.1 * HOUR, "BV", zone="Z4")]
    assert tell(Burglary(), night)[-1].score > 0.7
    day = [signal(6 * HOUR, "OP"), signal(12 * HOUR, "BA", zone="Z1"), signal(12.1 * HOUR, "BV", zone="Z4")]
    assert tell(Burglary(), day)[-1].score > 0.8, "nor does it wake two by day"
    after_closing = [signal(20 * HOUR, "CL"), signal(20.1 * HOUR, "BA", zone="Z1")]
    assert first(tell(Burglary(), after_closing)).score <= 0.1


def numbered(t: float, sequence: int | None) -> Row:
    return {"t": t, "type": "alarm.heartbeat", "device": "pir-1", "path": "radio", "sequence": sequence}


def test_replayed_heartbeats() -> None:
    story = [numbered(300.0 * n, 500 + n) for n in range(50)]
    replayed = [numbered(300.0 * (50 + n), 520 + n) for n in range(3)]
    scores = [sign.score for sign in tell(Replay(), [*story, *replayed])]
    assert len(scores) == 3 and scores == sorted(scores) and scores[-1] > 0.7


@pytest.mark.parametrize(
    "odd",
    [
        [numbered(300.0 * 50, 3)],  # a restart
        [numbered(300.0 * 45 - 60, 544)],  # disorder
        [numbered(300.0 * 20, 530), numbered(300.0 * 21, 531)],  # late back-fill
        [numbered(300.0 * 50, None)],
        [numbered(300.0 * 49 + 1, 548)],  # two in one breath
    ],
    ids=["restart", "disorder", "backfill", "null", "same moment"],
)
def test_what_is_no_replay(odd: list[Row]) -> None:
    story = [numbered(300.0 * n, 500 + n) for n in range(50)]
    assert tell(Replay(), [*story, *odd, numbered(300.0 * 51, 551)]) == []


def aired(n: int, chance: random.Random, digits: int = 1) -> Row:
    rssi, noise = round(-70 + chance.gauss(0, 1.5), digits), round(-101 + chance.gauss(0, 1.2), digits)
    return {**numbered(300.0 * n, 500 + n), "rssi": rssi, "noise_floor": noise, "packet_loss": 0.01}


def test_a_recording_with_new_numbers_and_times_is_seen_by_its_radio_values() -> None:
    chance = random.Random(1)
    story = [aired(n, chance) for n in range(300)]
    still = [{**story[250], "t": 300.0 * (300 + n), "sequence": 800 + n} for n in range(8)]
    assert [sign.key for sign in tell(EchoedRadio(), [*story, *still])][:1] == ["echo"]
    loop = [{**story[250 + n % 12], "t": 300.0 * (300 + n), "sequence": 800 + n} for n in range(30)]
    assert first(tell(EchoedRadio(), [*story, *loop])).evidence["length"] in (12, 50)  # 50 back the first time round


@pytest.mark.parametrize("digits", [1, 0, -1])
def test_coarse_radio_values_are_learnt(digits: int) -> None:
    chance = random.Random(3)
    story = [aired(n, chance, digits) for n in range(4000)]
    story[2000]["rssi"] = -55.0  # a door was opened once
    assert tell(EchoedRadio(), story) == []


def arriving(rows: list[Row], at: float, every: float) -> Iterator[Row]:
    """Let old rows arrive from `at` on, one `every` so many seconds."""
    for number, row in enumerate(rows):
        yield {"tick": at + every * number}
        yield {**row, "again": True}


def test_stale_heartbeats_played_one_by_one_are_a_replay_and_a_spool_sent_twice_is_not() -> None:
    story = [numbered(300.0 * n, 500 + n) for n in range(100)]
    played = tell(Replay(), [*story, *arriving(story[20:30], 300.0 * 100, 300.0)])
    assert played and played[0].key == "stale" and played[-1].score > played[0].score
    assert tell(Replay(), [*story, *arriving(story[20:60], 300.0 * 100, 0.2)]) == []
    told = list(arriving(story[20:24], 300.0 * 100, 300.0))
    assert tell(Replay(), [*story, *told[:4], numbered(300.0 * 102, 600), *told[4:]]) == [], "new ones come as well"


def test_a_backlog_that_comes_newest_first_with_copies_is_no_replay() -> None:
    story = [numbered(300.0 * n, 500 + n) for n in range(100)]
    for step, row in enumerate(numbered(300.0 * n, 500 + n) for n in range(150, 100, -1)):
        story += [{"tick": 300.0 * 160 + 24.0 * step}, row, {**row, "again": True}]
    assert tell(Replay(), story) == []


@pytest.mark.parametrize("told", [True, False])
def test_what_ended_during_a_break_of_the_line_has_not_lasted(told: bool) -> None:
    """`told`: its end comes with the backlog; else it was reported in the backlog only, and its end right after it."""
    radio = {"type": "alarm.signal", "device": "panel-1"}
    begin = {**radio, "t": 35960 if told else 36300, "code": "XQ"}
    before = [_beat(t) for t in range(0, 36000, 15)]
    after = [_beat(t) for t in range(176400, 190000, 60)]
    spent = [{"tick": t} for t in range(36000, 176400, 60)]
    rows = [*before[:-2], begin, *before[-2:], *spent] if told else [*before, *spent, after[0], begin]
    rows += [{"tick": 176410}, {**radio, "t": 36600, "code": "XH"}]
    rows += [row for one in after for row in (one, {"tick": one["t"] + 10})]
    assert [sign.score for sign in tell(Interference(), rows)] == [0.25]


def _beat(t: float) -> Row:
    return {"t": t, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}


def test_interference_by_day_is_surer_when_the_power_has_just_failed() -> None:
    def told(voltage: float) -> float:
        meter = {"t": 12 * HOUR - 60, "type": "power.reading", "device": "m-1", "feed": "grid-a", "voltage": voltage}
        rows = [meter | {"frequency": 50.0}, {**signal(12 * HOUR, "OP"), "code": "XQ"}]
        return first(tell(Interference(), rows)).score

    assert told(0.0) > told(230.0)
