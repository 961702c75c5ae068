"""Stories of the cameras and their recorder."""

import random
from collections.abc import Iterator

import pytest

from detectors.base import Row
from detectors.camera.blackout import Blackout
from detectors.camera.blinded import Blinded
from detectors.camera.footage_deleted import FootageDeleted
from detectors.camera.footage_gone import FootageGone
from detectors.camera.frozen import Frozen
from detectors.camera.lost import Lost
from detectors.camera.moved import Moved
from detectors.camera.recorder_disks import RecorderDisks
from detectors.camera.reported import Reported
from detectors.camera.silence import CameraSilence
from detectors.camera.walk import Walk
from tests.detectors.story import scene, tell

DAY = 86400.0


def status(step: int, device: str = "cam-1", **numbers: float) -> Row:
    row: Row = {"t": step * 360.0, "type": "camera.status", "device": device, "connected": True, "fps": 12.0}
    return {**row, "bitrate": 900, "luminance": 0.4, "sharpness": 0.6, "scene_change": 0.02, **numbers}


def living(steps: int, seed: int = 1, digits: int = 3, device: str = "cam-1") -> Iterator[Row]:
    """A camera that sees day and night; its numbers are rounded to so many digits."""
    chance = random.Random(seed)
    for step in range(steps):
        day = 0.45 if 70 <= step % 240 < 190 else 0.2
        yield status(
            step,
            device,
            bitrate=round(1500 * chance.lognormvariate(0, 0.12), digits - 3),
            luminance=round(day + chance.gauss(0, 0.02), digits),
            sharpness=round(0.6 + chance.gauss(0, 0.015), digits),
            scene_change=round(abs(chance.gauss(0.03, 0.02)), 3),
        )


def event(t: float, device: str, topic: str, state: bool = True) -> Row:
    return {"t": t, "type": "camera.event", "device": device, "topic": topic, "state": state}


@pytest.mark.parametrize("digits", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_fortnight_of_living_pictures_is_quiet(seed: int, digits: int) -> None:
    rows = list(living(240 * 14, seed, digits))
    assert tell(Frozen(), rows) == []
    assert tell(Blinded(), rows) == []
    assert tell(Moved(), rows) == []


def test_a_still_is_seen_at_its_second_status_and_sure_at_its_fourth() -> None:
    rows = list(living(300))
    still = [{**rows[-1], "t": 360.0 * (300 + n), "scene_change": 0.0} for n in range(4)]
    scores = [sign.score for sign in tell(Frozen(), [*rows, *still])]
    assert len(scores) == 4 and scores[0] >= 0.3 and scores[2] >= 0.8


def test_a_camera_whose_numbers_never_vary_is_learnt() -> None:
    rows = [status(n) for n in range(240 * 7)]
    signs = tell(Frozen(), rows)
    assert not [sign for sign in signs if sign.evidence["lasted_s"] > 3 * DAY and sign.score > 0.9] or len(signs) < 1680


def test_a_loop_is_seen() -> None:
    rows = list(living(300))
    loop = [{**rows[-8 + n % 8], "t": 360.0 * (300 + n)} for n in range(24)]
    signs = tell(Frozen(), [*rows, *loop])
    assert signs and all(sign.key == "loop" for sign in signs) and signs[0].evidence["length"] == 8


def turns_until_a_loop_is_said(cameras: int) -> int:
    """Count the rounds of statuses from the first that repeats on."""
    here, detectors = scene(), [Frozen() for _ in range(cameras)]
    lived = [list(living(300, number, device=f"cam-{number}")) for number in range(cameras)]
    for rows in lived:
        rows += [{**rows[291 + turn % 9], "t": 360.0 * (300 + turn)} for turn in range(20)]
    for turn, shown in enumerate(zip(*lived, strict=True)):
        said = [sign for one, row in zip(detectors, shown, strict=True) for sign in tell(one, [row], here)]
        if said:
            return turn - 299
    return 99


def test_a_loop_of_several_cameras_is_seen_when_it_comes_round() -> None:
    assert turns_until_a_loop_is_said(3) == 1
    assert turns_until_a_loop_is_said(1) == 2


def test_statuses_that_are_sent_again_are_no_loop() -> None:
    rows = list(living(300))
    soon = [{**row, "t": row["t"] / 18} for row in rows]
    assert tell(Frozen(), [*soon, *soon[-20:], *soon[-20:], *soon[-20:]]) == []


def test_a_camera_that_is_off_is_not_frozen() -> None:
    off = [{"t": 360.0 * (300 + n), "type": "camera.status", "device": "cam-1", "connected": False} for n in range(9)]
    zero = [status(320 + n, connected=False, fps=0, bitrate=0, luminance=0, sharpness=0) for n in range(9)]
    assert tell(Frozen(), [*living(300), *off, *zero]) == []


def test_a_short_loss_is_life_and_a_long_one_is_said() -> None:
    loss = "VideoSource/SignalLoss"
    assert tell(Lost(), [event(0, "cam-1", loss), event(90, "cam-1", loss, False), {"tick": 3600}]) == []
    assert len(tell(Lost(), [event(0, "cam-1", loss), {"tick": 600}, {"tick": 1200}])) == 1


def outage(t: float, cameras: range) -> Iterator[Row]:
    for number in cameras:
        yield event(t + number, f"cam-{number}", "VideoSource/SignalLoss")
    for number in cameras:
        yield event(t + 300 + number, f"cam-{number}", "VideoSource/SignalLoss", False)


def test_several_cameras_together_and_the_switch_that_does_it_every_day() -> None:
    known = [status(0, f"cam-{n}") for n in range(8)]
    once = [*known, *outage(1000, range(4))]
    (three, four) = tell(Blackout(), once)
    assert three.score < four.score
    often = [*known, *(row for day in range(5) for row in outage(1000 + day * DAY, range(4)))]
    assert tell(Blackout(), often)[-1].score < 0.5 * four.score
    everything = [*known, *outage(1000, range(8))]
    assert tell(Blackout(), everything)[-1].score > 0.7


def test_cameras_lost_one_after_another_are_no_switch() -> None:
    loss = "VideoSource/SignalLoss"
    known = [status(0, f"cam-{n}") for n in range(8)]
    at_once = tell(Blackout(), [*known, *(event(100 + n, f"cam-{n}", loss) for n in range(4))])
    singly = tell(Blackout(), [*known, *(event(100 + 90 * n, f"cam-{n}", loss) for n in range(4))])
    silent = [{**status(0, f"cam-{n}", connected=False), "t": 100.0 + 90 * n} for n in range(4)]
    polled = tell(Blackout(), [*known, *silent])
    assert singly[-1].score > at_once[-1].score == polled[-1].score
    assert "one after another" in singly[-1].summary


def test_a_covered_lens() -> None:
    covered = [status(300 + n, luminance=0.01, sharpness=0.02) for n in range(3)]
    (sign,) = tell(Blinded(), [*living(300), *covered])
    assert "covered" in sign.summary


def test_one_status_each_of_two_dazzled_cameras_is_enough() -> None:
    def night(dazzled: int) -> list[Row]:
        rows = [row for n in range(3) for row in living(300, seed=n, device=f"cam-{n}")]
        rows += [status(300, f"cam-{n}", luminance=0.99, sharpness=0.03) for n in range(dazzled)]
        return sorted(rows, key=lambda row: row["t"])

    assert tell(Blinded(), night(1)) == []
    (sign,) = tell(Blinded(), night(2))
    assert "dazzled" in sign.summary


def test_a_defocused_lens_against_fog() -> None:
    def site(sharpness: dict[str, float]) -> Iterator[Row]:
        for step in range(120):
            for number in range(5):
                name = f"cam-{number}"
                usual = 0.5 + 0.05 * number + 0.01 * (step % 3)
                yield status(step, name, sharpness=usual * (sharpness.get(name, 1.0) if step >= 100 else 1.0))

    assert len(tell(Blinded(), site({"cam-2": 0.3}))) == 1
    assert tell(Blinded(), site({f"cam-{n}": 0.4 for n in range(4)})) == []


def test_fog_that_draws_in_before_the_only_outdoor_camera_is_no_hand() -> None:
    def story(steps: int) -> list[Row]:
        rows = []
        for step in range(160):
            clear = max(0.3, 1.0 - max(step - 100, 0) / steps)
            rows.append(status(step, "cam-out", sharpness=(0.6 + 0.01 * (step % 3)) * clear))
            rows += [status(step, f"cam-{n}", sharpness=0.5 + 0.01 * (step % 4)) for n in range(3)]
        return rows

    assert tell(Blinded(), story(steps=8)) == []
    (sign,) = tell(Blinded(), story(steps=1))
    assert sign.score < 0.35  # a drop on the lens does as much


def test_spraying_one_camera_after_another_is_no_fog() -> None:
    rows = []
    for step in range(140):
        for number in range(6):
            sprayed = step >= 100 + 5 * number
            rows.append(status(step, f"cam-{number}", sharpness=0.05 if sprayed else 0.6 + 0.01 * (step % 3)))
    assert len(tell(Blinded(), rows)) == 6


def test_cameras_frozen_one_after_another_are_a_walk_and_one_alone_is_not() -> None:
    def night(frozen: int) -> list[Row]:
        rows = [row for n in range(6) for row in living(300, seed=n, device=f"cam-{n}")]
        for number in range(frozen):
            rows += [{**rows[300 * number + 299], "t": 360.0 * (300 + step)} for step in range(number, 8)]
        return sorted(rows, key=lambda row: row["t"])

    def signs(rows: list[Row]) -> list[str]:
        where, walk = scene(), Walk()
        single = {f"cam-{n}": Frozen() for n in range(6)}
        told = []
        for row in rows:
            told += [("frozen", sign) for sign in tell(single[row["device"]], [row], where)]
            told += [("walk", sign) for sign in tell(walk, [row], where)]
        return [name for name, _ in told if name == "walk"]

    assert signs(night(1)) == []
    assert signs(night(4))


@pytest.mark.parametrize(("topic", "walks"), [("GlobalSceneChange", True), ("ImageTooBlurry", False)])
def test_views_that_stay_changed_are_a_walk_and_fog_is_none(topic: str, walks: bool) -> None:
    where, walk = scene(), Walk()
    single = {f"cam-{n}": Reported() for n in range(4)}
    for number, device in enumerate(single):
        row = event(60.0 * number, device, f"VideoSource/{topic}")
        for detector in (single[device], walk):
            tell(detector, [row], where)
    for detector in single.values():
        tell(detector, [{"tick": 1000}], where)
    signs = tell(walk, [status(3, "cam-9")], where)
    assert [sign.key for sign in signs] == (["walk"] if walks else [])


def test_a_silent_recorder_says_more_than_a_silent_camera() -> None:
    def story(gone: str) -> list[Row]:
        rows = []
        for step in range(60):
            rows += [status(step, f"cam-{n}") for n in range(6) if step < 40 or gone != f"cam-{n}"]
            rows += [recorder(360.0 * step, 8)] if step < 40 or gone != "nvr-1" else []
            rows.append({"tick": 360.0 * step + 30})
        return rows

    (one,) = tell(CameraSilence(), story("cam-2"))
    (all_pictures,) = tell(CameraSilence(), story("nvr-1"))
    assert all_pictures.score > 1.5 * one.score


def test_disks_that_were_missing_from_the_start_are_a_weak_sign() -> None:
    (sign,) = tell(RecorderDisks(), [recorder(900.0 * n, 5) for n in range(10)])
    assert sign.score <= 0.3


def test_a_turned_camera_against_traffic() -> None:
    traffic = [status(300 + n, scene_change=0.7 if n % 2 else 0.03) for n in range(20)]
    assert tell(Moved(), [*living(300), *traffic]) == []
    turned = [status(300 + n, scene_change=0.75) for n in range(5)]
    assert len(tell(Moved(), [*living(300), *turned])) == 1


def test_a_turned_camera_that_says_so_itself_is_known_by_one_status() -> None:
    first = status(300, scene_change=0.75)

    def says(state: bool) -> Row:
        event: Row = {"t": first["t"] - 60, "type": "camera.event", "device": "cam-1", "state": state}
        return event | {"topic": "VideoSource/GlobalSceneChange"}

    assert tell(Moved(), [*living(300), first]) == []
    assert len(tell(Moved(), [*living(300), says(True), first])) == 1
    assert tell(Moved(), [*living(300), says(True), says(False), first]) == []


def recorder(t: float, disks: int, expected: int = 8, oldest: str | None = None) -> Row:
    row: Row = {"t": t, "type": "recorder.status", "device": "nvr-1", "disks": disks, "disks_expected": expected}
    return {**row, "recording": True, "oldest_footage": oldest}


def test_pulled_disks_against_a_dead_one() -> None:
    before = [recorder(900.0 * n, 8) for n in range(10)]
    assert [sign.score for sign in tell(RecorderDisks(), [*before, recorder(9000, 7), recorder(9900, 7)])] == [0.3]
    assert [sign.score for sign in tell(RecorderDisks(), [*before, recorder(9000, 1), recorder(9900, 1)])] == [0.9]
    hidden = [*before, recorder(9000, 2, expected=2)]
    assert [sign.score for sign in tell(RecorderDisks(), hidden)] == [0.9]


def test_a_disk_pulled_before_the_site_was_known_is_said_once() -> None:
    assert len(tell(RecorderDisks(), [recorder(900.0 * n, 7) for n in range(10)])) == 1


def test_retention_deletes_by_the_clock_and_a_thief_does_not() -> None:
    topic = "RecordingHistory/DeleteTrackData"
    nightly = [event(day * DAY + 9000 + 40 * day, "nvr-1", topic) for day in range(10)]
    assert [sign.score for sign in tell(FootageDeleted(), nightly)] == [0.1]
    (_, thief) = tell(FootageDeleted(), [*nightly, event(10 * DAY + 4000, "nvr-1", topic)])
    assert thief.score >= 0.6


def test_the_oldest_footage_moves_day_by_day() -> None:
    rows = [recorder(day * DAY + 9100, 8, oldest=f"2026-02-{day + 1:02d}T00:00:00Z") for day in range(9)]
    assert tell(FootageGone(), rows) == []
    wiped = recorder(9 * DAY, 8, oldest="2026-03-10T20:00:00Z")
    assert len(tell(FootageGone(), [*rows, wiped])) == 1
