"""Stories of the intruder alarm's radio: jammers, bursts, interference that is none."""

import random
from collections.abc import Iterable, Iterator

import pytest

from detectors.alarm.interference import Interference
from detectors.alarm.jamming import Jamming
from detectors.base import Row, Sign
from tests.detectors.story import in_order, scene, tell

HOUR, DAY = 3600.0, 86400.0


def signal(t: float, code: str, **more: object) -> Row:
    return {"t": t, "type": "alarm.signal", "device": "panel-1", "code": code, **more}


def beats(
    end: float,
    interval: float = 300.0,
    jammed: tuple[float, float] = (0.0, 0.0),
    share: float = 0.7,
    loss: float = 0.02,
    seed: int = 1,
) -> Iterator[Row]:
    """Twelve radio detectors, a meter that goes on whatever happens, and ticks; a jammer swallows a `share`."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for number in range(12):
        t = chance.random() * interval
        while t < end:
            hit = jammed[0] <= t < jammed[1] and chance.random() < share
            if not (hit and chance.random() < 0.7) and chance.random() >= loss:
                row: Row = {"t": t + chance.gauss(0, 0.01 * interval), "type": "alarm.heartbeat", "path": "radio"}
                noise, lost = (-84.0, 0.5) if hit else (-101.0 + chance.gauss(0, 2.0), abs(chance.gauss(0.01, 0.01)))
                rows.append({**row, "device": f"pir-{number}", "noise_floor": noise, "packet_loss": lost})
            t += interval
    for step in range(int(end / 60)):
        meter: Row = {"t": step * 60.0, "type": "power.reading", "device": "m-1", "feed": "grid-a"}
        rows.append({**meter, "voltage": 230.0, "frequency": 50.0})
    rows += [{"tick": float(t)} for t in range(60, int(end), 15)]
    yield from in_order(rows)


def first(signs: list[Sign]) -> Sign:
    assert signs
    return signs[0]


@pytest.mark.parametrize("interval", [30.0, 300.0, 900.0])
def test_a_jammer_is_seen_within_two_heartbeats(interval: float) -> None:
    start = 100 * interval
    quiet = tell(Jamming(), beats(start, interval))
    assert quiet == []
    assert tell(Jamming(), beats(start + 2 * interval, interval, (start, start + 9 * interval), 1.0))


def test_a_jammer_in_bursts_is_seen_within_the_hour() -> None:
    start = 8 * HOUR
    signs = tell(Jamming(), beats(start + HOUR, jammed=(start, start + HOUR), share=0.4))
    assert max(sign.score for sign in signs) > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_a_jammer_on_for_an_eighth_of_the_time_is_seen_within_the_hour(seed: int) -> None:
    start = 23 * HOUR
    signs = tell(Jamming(), beats(start + HOUR, jammed=(start, start + HOUR), share=0.13, seed=seed))
    assert first(signs).score > 0.5


def test_bursts_that_only_mar_the_heartbeats_add_up() -> None:
    chance = random.Random(2)
    rows: list[Row] = []
    for row in beats(10 * HOUR, loss=0.0):
        if row.get("path") == "radio" and row["t"] > 8 * HOUR and chance.random() < 0.5:
            row |= {"noise_floor": row["noise_floor"] + 8.0, "packet_loss": row["packet_loss"] + 0.12}
        rows.append(row)
    assert first(tell(Jamming(), rows)).evidence["devices"]


def test_an_hour_of_noise_that_costs_some_hundredths_of_the_packets_is_life() -> None:
    rows: list[Row] = []
    for row in beats(10 * HOUR, loss=0.0):
        if row.get("path") == "radio" and row["t"] > 8 * HOUR and row["device"] < "pir-5":
            row |= {"noise_floor": row["noise_floor"] + 6.0, "packet_loss": row["packet_loss"] + 0.045}
        rows.append(row)
    assert tell(Jamming(), rows) == []


def test_machines_at_work_are_a_weak_sign_and_the_same_at_night_a_strong_one() -> None:
    day, night = 10.0 * HOUR, 22.0 * HOUR
    weak = tell(Jamming(), beats(12 * HOUR, jammed=(day, day + 200), share=1.0))
    strong = tell(Jamming(), beats(23 * HOUR, jammed=(night, night + 200), share=1.0))
    assert weak and max(sign.score for sign in weak) < 0.55 and first(strong).score > 0.6


def test_a_disturbance_that_outlasts_those_of_this_site_gets_surer() -> None:
    start = 10.0 * HOUR
    scores = [sign.score for sign in tell(Jamming(), beats(12 * HOUR, jammed=(start, start + 5400), share=0.9))]
    assert scores == sorted(scores) and scores[0] < 0.5 and scores[-1] > 0.85


@pytest.mark.parametrize("dark", [False, True])
def test_two_broken_devices_of_four_are_enough_while_the_supply_is_out(dark: bool) -> None:
    rows: list[Row] = []
    for step in range(21):
        row: Row = {"t": step * 300.0, "type": "power.reading", "device": "m-1", "feed": "grid-a", "frequency": 50.0}
        rows.append({**row, "voltage": 0.0 if dark and step == 20 else 230.0})
        for number in range(4 if step < 20 else 2):
            row = {"t": step * 300.0 + number, "type": "alarm.heartbeat", "device": f"pir-{number}", "path": "radio"}
            noise, lost = (-82.0, 0.7) if step == 20 else (-101.0 + step % 3, 0.01)
            rows.append({**row, "noise_floor": noise, "packet_loss": lost})
    assert len(tell(Jamming(), [*rows, {"tick": 6010.0}])) == dark


def in_the_dark(since: float, rows: Iterable[Row]) -> list[Row]:
    """The same with the grid cut from a moment on."""
    return [row | ({"voltage": 0.0} if "voltage" in row and row["t"] >= since else {}) for row in rows]


def test_a_jammer_that_never_pauses_is_seen_in_the_dark_by_radios_that_lose_a_fifth() -> None:
    start, soon = 8 * HOUR, 200.0
    seen = 0
    for seed in range(8):
        rows = in_the_dark(start - 200.0, beats(start + soon, 180.0, loss=0.2, seed=seed))
        jammed = [row for row in rows if row.get("type") != "alarm.heartbeat" or row["t"] < start]
        seen += bool(tell(Jamming(), jammed))
    assert seen >= 6


def test_machines_that_were_at_work_before_the_power_failed_are_no_jammer() -> None:
    start = 10 * HOUR
    rows = list(beats(start + 900.0, 60.0, (start, start + 300.0), 1.0))
    after = tell(Jamming(), in_the_dark(start - 60.0, rows))
    before = tell(Jamming(), in_the_dark(start + 120.0, rows))
    assert after[-1].score > 0.9 and all(sign.score < 0.7 for sign in before)


def test_a_dark_day_of_lost_heartbeats_is_taken_for_a_jammer_once_or_twice_at_the_most() -> None:
    signs = [
        sign for seed in range(4) for sign in tell(Jamming(), in_the_dark(DAY, beats(2 * DAY, loss=0.1, seed=seed)))
    ]
    assert len(signs) <= 6 and all(sign.score < 0.5 for sign in signs)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("loss", [0.0, 0.03, 0.1])
def test_a_week_of_lost_heartbeats_is_quiet(seed: int, loss: float) -> None:
    assert len(tell(Jamming(), beats(3 * DAY, loss=loss, seed=seed))) == 0


def test_one_dead_battery_is_no_jammer() -> None:
    rows = [row for row in beats(10 * HOUR) if row.get("device") != "pir-3" or row["t"] < 5 * HOUR]
    assert tell(Jamming(), rows) == []


def test_heartbeats_without_numbers_are_enough_to_see_a_jammer() -> None:
    start = 8 * HOUR
    rows = [
        {key: value for key, value in row.items() if key not in ("noise_floor", "packet_loss")}
        for row in beats(start + HOUR, jammed=(start, start + HOUR), share=1.0)
    ]
    assert tell(Jamming(), rows)


def test_interference_that_stays_gets_surer() -> None:
    story = [signal(0, "XQ"), {"tick": 200}, {"tick": 310}, {"tick": 610}, signal(900, "XH"), {"tick": 2000}]
    assert [sign.score for sign in tell(Interference(), story)] == [0.4, 0.45, 0.75]
    assert len(tell(Interference(), [signal(0, "XQ"), signal(150, "XH"), {"tick": 400}])) == 1


def test_interference_that_stays_is_surer_where_it_is_known_how_long_it_usually_lasts() -> None:
    passing = [signal(hour * 3600 + t, code) for hour in range(4) for t, code in ((0, "XQ"), (90, "XH"))]
    signs = tell(Interference(), [*passing, signal(DAY, "XQ"), {"tick": DAY + 310}])
    assert [sign.score for sign in signs] == [0.4] * 5 + [0.75]


def test_interference_that_stays_is_surer_after_the_supply_was_cut() -> None:
    dark = scene()
    dark.supply.status("ups-1", {"OB"}, dark.clock - 60.0)
    assert [sign.score for sign in tell(Interference(), [signal(0, "XQ"), {"tick": 310}], dark)] == [0.4, 0.75]


def test_interference_whose_end_was_never_heard_does_not_hide_the_next() -> None:
    story = [signal(0, "XQ"), {"tick": 310}, signal(3 * DAY, "XQ"), {"tick": 3 * DAY + 310}]
    assert [sign.score for sign in tell(Interference(), story)] == [0.4, 0.45, 0.4, 0.45]
