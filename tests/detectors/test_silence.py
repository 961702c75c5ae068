"""Silence: learnt rhythms, losses and delays; the line explained before devices are blamed."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from detectors.alarm.line_cut import LineCut
from detectors.alarm.line_lost import LineLost
from detectors.alarm.silence import AlarmSilence
from detectors.alarm.site_dark import SiteDark
from detectors.base import Detector, Row, Sign
from detectors.camera.silence import CameraSilence
from detectors.power.silence import PowerSilence
from detectors.presence import Presence
from detectors.rhythm import needed
from detectors.scene import Scene
from tests.detectors.story import START, event, in_order, scene, tell


def meter(name: str, t: float) -> Row:
    row: Row = {"t": t, "type": "power.reading", "device": name, "feed": "grid-a"}
    return {**row, "voltage": 230.0, "frequency": 50.0}


def camera(name: str, t: float) -> Row:
    row: Row = {"t": t, "type": "camera.status", "device": name, "connected": True, "fps": 12, "bitrate": 900}
    return {**row, "luminance": 0.4, "sharpness": 0.6, "scene_change": 0.02}


def radio(name: str, t: float) -> Row:
    return {"t": t, "type": "alarm.heartbeat", "device": name, "path": "radio"}


def life(end: float, interval: float, until: dict[str, float], loss: float = 0.0, seed: int = 1) -> Iterator[Row]:
    """Four meters that report at `interval` with jitter and losses, each until its own end, and ticks in between."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for number in range(4):
        name = f"m-{number}"
        t = chance.random() * interval
        while t < min(end, until.get(name, end)):
            if chance.random() >= loss:
                rows.append(meter(name, t + chance.gauss(0.0, 0.01 * interval)))
            t += interval
    rows += [{"tick": t} for t in range(60, int(end), 10)]
    yield from in_order(rows)


@pytest.mark.parametrize("interval", [1.0, 10.0, 180.0, 900.0])
def test_a_silent_device_is_seen_within_three_of_its_own_intervals(interval: float) -> None:
    cut = 60 * interval
    signs = tell(PowerSilence(), life(cut + 10 * interval + 400, interval, {"m-2": cut}))
    assert [(sign.device, sign.key) for sign in signs] == [("m-2", "silent")]
    assert signs[0].evidence["silent_s"] <= 3.6 * interval + 70


def test_without_losses_two_intervals_are_enough() -> None:
    rows = life(200 * 180 + 900, 180.0, {"m-1": 200 * 180})
    (sign,) = tell(PowerSilence(), rows)
    assert sign.evidence["silent_s"] <= 2.6 * 180


@pytest.mark.parametrize("seed", range(5))
def test_a_lossy_device_is_given_time(seed: int) -> None:
    assert tell(PowerSilence(), life(2000 * 60, 60.0, {}, loss=0.08, seed=seed)) == []


def test_how_long_is_waited_grows_with_the_losses() -> None:
    assert [needed(loss) for loss in (0.0, 0.001, 0.01, 0.05, 0.2)] == [2, 2, 3, 5, 8]


def test_devices_that_speak_when_something_happens_are_not_missed() -> None:
    rows: list[Row] = [radio("pir-1", t) for t in range(0, 36000, 300)]
    for t in range(0, 9000, 7):
        rows.append({"t": t, "type": "alarm.signal", "device": "panel-1", "code": "BR"})
    rows.sort(key=lambda row: row["t"])
    assert tell(AlarmSilence(), [*rows, {"tick": 36000}]) == []


def test_all_cameras_at_once_are_one_strong_sign() -> None:
    rows: list[Row] = []
    for t in range(0, 60 * 360, 360):
        rows += [camera(f"cam-{n}", t + 3 * n) for n in range(8)] if t < 40 * 360 else []
        rows += [meter("m-1", t), meter("m-1", t + 180), {"tick": t + 181}]
    signs = tell(CameraSilence(), rows)
    assert [sign.key for sign in signs] == ["many"]
    assert signs[0].score > 0.8 and len(signs[0].evidence["devices"]) == 8


def wan_outage(back: Iterable[Row]) -> Iterator[Row]:
    """Three hours of life, a line that is down for half an hour, life again; `back` is what was kept meanwhile."""
    for t in range(0, 18000, 60):
        at_home = not 10800 <= t < 12600
        if t == 12600:
            yield from back
        if at_home:
            yield from (camera(f"cam-{n}", t + n) for n in range(6))
            yield from (radio(f"pir-{n}", t + n) for n in range(6))
            yield meter("m-1", t)
        yield {"tick": t + 30}


@pytest.mark.parametrize("kind", [CameraSilence, AlarmSilence, PowerSilence])
@pytest.mark.parametrize("kept", [False, True])
def test_a_line_that_is_down_is_no_silent_device(kind: type, kept: bool) -> None:
    back = [camera(f"cam-{n}", t) for t in range(10800, 12600, 60) for n in range(6)] if kept else []
    assert tell(kind(), wan_outage(back)) == []


def test_a_line_that_is_down_is_said_once_and_louder_as_it_lasts() -> None:
    signs = tell(LineLost(), wan_outage([]))
    assert [sign.key for sign in signs] == ["line"]
    rows = [meter("m-1", t) for t in range(0, 7200, 60)]
    ticks = [{"tick": t} for t in range(7200, 20000, 30)]
    scores = [sign.score for sign in tell(LineLost(), [*rows, *ticks])]
    assert scores == sorted(scores) and len(scores) == 3


def test_an_old_message_is_no_sign_of_life() -> None:
    rows = [meter(f"m-{n}", t) for t in range(0, 7200, 60) for n in range(3)]
    rows += [meter(f"m-{n}", t) for t in range(7200, 9000, 60) for n in (0, 1)]
    stale = [meter("m-2", 3000 + t) for t in range(0, 100, 60)]  # what it said long ago arrives now
    signs = tell(PowerSilence(), [*rows, *stale, meter("m-0", 9000), {"tick": 9001}])
    assert [sign.device for sign in signs] == ["m-2"]


def test_what_was_held_back_says_nothing_of_who_is_there_now() -> None:
    """All fall silent at once; the pictures' last words, which always come some minutes later together, come then."""
    where, detector, signs = scene(), PowerSilence(), []
    kept: list[Row] = []
    for t in range(0, 9000, 60):
        rows = [meter(f"m-{n}", t) for n in range(3)] if t < 7200 and t % 300 == 0 else []
        if t < 7200 and t % 300 == 0:
            kept += [camera(f"cam-{n}", t) for n in range(4)]
        if t % 660 == 0 and t != 7260:
            rows, kept = rows + kept, []
        signs += arrive(detector, where, t, rows)
    assert signs == []


def arrive(detector: Detector[Any], where: Scene, t: float, rows: Iterable[Row]) -> list[Sign]:
    """Let rows of whatever times arrive `t` seconds after the start; returns what time then shows."""
    for row in rows:
        where.time, where.clock = START + row["t"], START + t
        if row["type"] in detector.reads:
            detector.step(event(row), where)
        where.learn_one(row["type"], event(row))
    where.clock = where.time = START + t
    return list(detector.tick(where.clock, where)) if detector.wake <= where.clock else []


def test_a_wrong_clock_does_not_matter() -> None:
    presence = Presence()
    for t in range(0, 6000, 60):
        presence.heard(presence.streams["power.reading"], "m-1", START + t - 290.0, START + t)
    stream = presence.streams["power.reading"]["m-1"]
    assert stream.last == START + 5940 and abs(stream.interval - 60.0) < 1.0


@pytest.mark.parametrize("wrong", [275.0, -275.0, 7200.0])
def test_a_clock_that_is_set_right_is_no_silence_that_lasts(wrong: float) -> None:
    presence = Presence()
    streams = presence.streams["camera.status"]
    for t in range(0, 18000, 45):
        presence.heard(streams, "cam-1", START + t + (wrong if t < 9000 else 0.0), START + t)
        presence.heard(streams, "cam-2", START + t, START + t)
        if t > 9000 + 10 * 45:
            assert presence.due(streams["cam-1"], START + t) > START + t + 45
    assert presence.due(streams["cam-1"], START + 17955 + 300) < START + 17955 + 300


def test_a_new_rhythm_is_learnt() -> None:
    rows = [meter("m-1", t) for t in range(0, 6000, 60)]
    rows += [meter("m-1", t) for t in range(6000, 36000, 300)]
    other = [meter("m-2", t) for t in range(0, 36000, 60)]
    story: list[Row] = sorted([*rows, *other], key=lambda row: row["t"])
    ticked = [step for row in story for step in (row, {"tick": row["t"] + 1})]
    signs = tell(PowerSilence(), ticked)
    assert len(signs) <= 3  # once while it changes, never again
    where = scene()
    for row in rows:
        where.time = where.clock = START + row["t"]
        where.learn_one(row["type"], event(row))
    assert abs(where.presence.streams["power.reading"]["m-1"].interval - 300.0) < 5.0


@pytest.mark.parametrize("waits", [(420, 420, 420), (300, 540, 380)])
def test_devices_whose_messages_are_held_back_to_come_together_are_missed_only_when_the_batch_is(
    waits: tuple[int, ...],
) -> None:
    where, detector, signs = scene(), CameraSilence(), []
    batches, sent = [sum(waits) * (n // 3) + sum(waits[: n % 3]) for n in range(120)], 0
    end = batches[-1] + 1800
    rows = [camera("cam-1", t) for t in range(0, batches[-1], 20)]
    other = iter(range(0, end, 60))
    for t in range(0, end, 10):
        told = [row for row in rows[sent:] if row["t"] < t] if t in batches else []
        sent += len(told)
        told += [camera("cam-2", next(other))] if t % 60 == 0 else []
        signs += [(t, sign.device) for sign in arrive(detector, where, t, told)]
    assert len([at for at, device in signs if at < 4 * max(waits)]) <= 2, "until the habit is known"
    (late,) = [at for at, device in signs if at >= 4 * max(waits)]
    assert max(waits) < late - batches[-1] < 1.5 * max(waits) + 120


def test_an_outage_whose_messages_come_later_is_no_habit() -> None:
    presence = Presence()
    heard = [(t, t) for t in range(0, 3600, 20)] + [(t, 5000) for t in range(3600, 5000, 20)]
    for t, clock in heard:
        presence.heard(presence.streams["power.reading"], "m-1", START + t, START + clock)
    assert presence.streams["power.reading"]["m-1"].grace() < 60.0


def test_streams_are_bounded() -> None:
    presence = Presence()
    for number in range(5000):
        presence.heard(presence.streams["camera.status"], f"cam-{number}", float(number), float(number))
    assert len(presence.streams["camera.status"]) <= 4000


def test_what_is_declared_and_never_heard_is_told_once_and_weakly() -> None:
    where = scene()
    where.declared = {f"m-{n}": ("power", 60.0) for n in range(6)} | {"cam-9": ("camera", 360.0)}
    signs = tell(PowerSilence(), life(9000, 60.0, {}), where)  # m-0 to m-3 speak
    assert [(sign.key, sign.evidence["devices"]) for sign in signs] == [("unheard", ["m-4", "m-5"])]
    assert signs[0].score < 0.2


def test_a_line_cut_while_the_cellular_path_lives_is_the_line_and_both_are_more() -> None:
    def story(cellular: bool) -> list[Row]:
        rows: list[Row] = []
        for t in range(0, 14400, 60):
            if t < 9000:
                rows += [meter("m-1", t), radio("pir-1", t)]
            if t % 600 == 0 and (t < 9000 or cellular):
                rows.append({"t": t, "type": "alarm.heartbeat", "device": "panel-cell", "path": "cellular"})
            rows.append({"tick": t + 30})
        return rows

    assert tell(SiteDark(), story(True)) == []
    (dark,) = tell(SiteDark(), story(False))
    assert dark.score > 0.5 and dark.evidence["line_silent_s"] < 1900
    line = tell(LineLost(), story(True))
    assert line and line[-1].score < tell(LineLost(), story(False))[-1].score < dark.score


@pytest.mark.parametrize(
    ("flags", "silent", "cut"),
    [(("OB",), 180, 1), (("OB", "LB"), 180, 0), (("OB",), 10, 0), ((), 180, 1), ((), 10, 0)],
)
def test_a_line_cut_soon_after_the_power_is_not_explained_by_it(flags: tuple[str, ...], silent: int, cut: int) -> None:
    rows: list[Row] = []
    for t in range(0, 14400, 60):
        if t < 9000 + silent:
            rows.append(meter("m-1", t) | ({"voltage": 0.0} if t >= 9000 else {}))
            if flags or t < 9000:  # with no flags, the UPS that is known of has not spoken since the cut
                status = list(flags) if t >= 9000 else ["OL"]
                rows.append({"t": t + 1, "type": "power.status", "device": "ups-1", "status": status})
        rows.append({"tick": t + 30})
    signs = tell(LineCut(), [{"t": 0, "type": "alarm.heartbeat", "device": "p", "path": "ip"}, *rows])
    assert len(signs) == cut and all(sign.evidence["line_silent_s"] < 600 for sign in signs)


@pytest.mark.parametrize(("silent", "cut"), [(180, 1), (10, 0), (1200, 0)])
def test_a_line_cut_soon_after_the_power_is_told_less_surely_where_no_ups_is_heard_of(silent: int, cut: int) -> None:
    rows: list[Row] = [{"t": 0, "type": "alarm.heartbeat", "device": "p", "path": "ip"}]
    for t in range(0, 14400, 60):
        if t < 9000 + silent:
            rows.append(meter("m-1", t) | ({"voltage": 0.0} if t >= 9000 else {}))
        rows.append({"tick": t + 30})
    signs = tell(LineCut(), rows)
    assert len(signs) == cut and all(sign.score < 0.5 for sign in signs)


def test_a_line_is_timed_by_the_first_word_of_the_cut_and_not_by_a_meter_that_speaks_as_it_dies() -> None:
    rows: list[Row] = [{"t": 0, "type": "alarm.heartbeat", "device": "p", "path": "ip"}]
    for t in range(0, 14400, 60):
        if t < 9180:
            rows.append(
                {"t": t + 1, "type": "power.status", "device": "ups-1", "status": ["OB" if t >= 9000 else "OL"]}
            )
            rows.append(meter("m-1", t) | ({"voltage": 0.0} if t >= 9120 else {}))
        rows.append({"tick": t + 30})
    assert len(tell(LineCut(), rows)) == 1
