import json
from collections import Counter
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams.local.simulator import build
from streams.local.simulator import spells as on
from streams.local.simulator.calendar import local, stamp
from streams.local.simulator.scenarios import Part, library
from streams.local.simulator.world import World
from streams.telemetry.camera import CameraStatus
from streams.telemetry.decode import TOPICS, Arrival, decode, decode_control
from streams.telemetry.recording import Line, clocked, read, writing
from streams.telemetry.refusal import Refusal

MONDAY, FRIDAY = date(2026, 11, 16), date(2026, 11, 20)


@cache
def week() -> tuple[World, list[Line]]:
    world = World(7, 3, 4, MONDAY, [Part("reference-night")])
    return world, list(world.lines())


def taken(lines: list[Line]) -> tuple[list[Arrival], list[Refusal]]:
    arrivals: list[Arrival] = []
    refusals: list[Refusal] = []
    for clock, line in clocked(lines):
        if line.topic in TOPICS:
            good, bad = decode(TOPICS[line.topic], line.key, line.value, clock)
            arrivals += good
            refusals += bad
    return arrivals, refusals


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def bytes_of(seed: int) -> list[Line]:
        return list(World(seed, 2, 2, MONDAY, [Part("blackout")]).lines())

    assert bytes_of(3) == bytes_of(3)
    assert bytes_of(3) != bytes_of(4)


def test_a_site_is_the_same_whatever_stands_beside_it() -> None:
    few = World(3, 1, 2, MONDAY)
    many = World(3, 2, 2, MONDAY)
    key = few.sites[0].id.encode()
    alone = [(line.topic, line.value) for line in few.lines() if line.key == key]
    assert alone == [(line.topic, line.value) for line in many.lines() if line.key == key]


def test_records_come_in_order_of_arrival() -> None:
    _, lines = week()
    own = [line.received for line in lines if line.received is not None]
    assert all(one <= other for one, other in pairwise(own))
    clocks = [clock for clock, _ in clocked(lines)]
    shown = [line.received or clock for line, clock in zip(lines, clocks, strict=True)]
    assert max(abs(one - other) for one, other in zip(shown, clocks, strict=True)) < 0.002


def test_all_objects_are_valid_but_those_spoilt_on_purpose() -> None:
    harsh = World(7, 3, 2, MONDAY)
    for site in harsh.sites:
        site.habits.spoils, site.habits.duplicates = 0.002, 0.0
    arrivals, refusals = taken(list(harsh.lines()))
    assert len(refusals) == harsh.spoilt > 50
    assert len({refusal.reason for refusal in refusals}) >= 3
    assert len(arrivals) == harsh.objects - harsh.spoilt


def test_control_records_are_valid() -> None:
    _, lines = week()
    told = [line for line in lines if line.topic.startswith("control.")]
    assert {line.topic for line in told} >= {"control.sites"}
    assert all(line.received is not None for line in told)
    for line in told:
        assert not isinstance(decode_control(line.topic, line.key, line.value), Refusal | None)


def test_every_type_of_telemetry_occurs() -> None:
    _, lines = week()
    kinds = {type(arrival.event).__struct_config__.tag for arrival in taken(lines)[0]}
    assert len(kinds) == 14


def test_the_wire_is_messy() -> None:
    _, lines = week()
    arrivals, _ = taken(lines)
    assert any(one.time > other.time + 1 for one, other in pairwise(arrivals))
    assert max(Counter(line.value for line in lines if line.value and b'"sequence"' in line.value).values()) > 1
    assert any(line.value and line.value.startswith(b"[") for line in lines)


def test_a_recording_reads_back_as_it_was_written(tmp_path: Path) -> None:
    lines = [line._replace(number=0) for line in World(5, 2, 1, MONDAY).lines()]
    with writing(tmp_path / "day.ndjson.gz") as append:
        for line in lines:
            append(line)
    back = [line._replace(number=0) for line in read(tmp_path / "day.ndjson.gz")]
    assert back == lines


def test_sites_differ() -> None:
    sites = build.sites(1, 12)
    assert len({site.id for site in sites}) == 12
    assert len({json.dumps(site.habits.hours, sort_keys=True) for site in sites}) > 6
    assert len({site.place.timezone for site in sites}) > 6
    assert {len(site.meters) for site in sites} >= {2, 3}
    assert any(site.generator for site in sites)
    assert not all(site.generator for site in sites)


def test_a_day_at_the_change_of_clocks_has_25_hours() -> None:
    site = build.sites(1, 1)[0]
    day = site.day(0, date(2026, 10, 25))
    assert day.end - day.start == 25 * 3600
    paris = ZoneInfo("Europe/Paris")
    assert datetime.fromtimestamp(local(paris, date(2026, 10, 25), 6 * 60), paris).hour == 6


def test_a_recorder_that_is_fed_a_loop_is_fed_the_same_one_after_midnight() -> None:
    world = World(3, 1, 2, MONDAY)
    site, camera = world.sites[0], world.sites[0].cameras[0]
    start = local(site.place.zone, date(2026, 11, 17)) - 3600
    site.spells.add(on.FROZEN, start, start + 7200, camera.name, level=4)
    arrivals, _ = taken(list(world.lines()))
    shown = [
        (event.bitrate, event.luminance, event.sharpness)
        for event in (arrival.event for arrival in arrivals)
        if isinstance(event, CameraStatus) and event.device == camera.name
        if start + 60 < event.time.timestamp() < start + 7100
    ]
    assert len(shown) > 12 and len(set(shown)) == 4


def test_time_stamps_are_of_milliseconds() -> None:
    assert stamp(1_780_000_000.0004) == "2026-05-28T20:26:40.000Z"
    assert stamp(1_780_000_000.9996) == "2026-05-28T20:26:41.000Z"


@pytest.mark.parametrize("name", library())
def test_each_scenario_plays_as_it_is_labelled(name: str) -> None:
    scenario = library()[name]
    start = scenario.only or FRIDAY
    world = World(1, scenario.sites, 4 if scenario.only else 10, start, [Part(name, day=0)], sparse=True)
    lines = 0
    for clock, _ in clocked(world.lines()):
        lines += 1
        if world.labels and clock > max(label.start for label in world.labels) + 86400:
            break
    assert lines > 1000
    for label in world.labels:
        document = label.document()
        assert document["name"] == name
        assert document["start"] <= document["stages"][0]["time"] <= document["end"]
        assert document["page"] == scenario.page <= (document["kind"] == "attack")
        assert label.goods is None or label.start < label.goods <= label.end


def test_there_are_enough_of_both_kinds() -> None:
    kinds = Counter(scenario.kind for scenario in library().values())
    assert min(kinds["attack"], kinds["benign"]) >= 15


def test_parts_are_read_from_the_command_line() -> None:
    assert Part.parse("blackout") == Part("blackout")
    at = datetime.fromisoformat("2026-11-17T22:00:00Z").timestamp()
    assert Part.parse("blackout@FR-95-ROISSY@2026-11-17T22:00:00Z") == Part("blackout", "FR-95-ROISSY", at)
    with pytest.raises(ValueError, match="needs a zone"):
        Part.parse("blackout@FR-95-ROISSY@2026-11-17T22:00:00")


@pytest.mark.parametrize("part", [Part("no-such"), Part("blackout", "NOWHERE"), Part("blackout", None, 1.0)])
def test_what_cannot_be_played_is_said(part: Part) -> None:
    with pytest.raises(ValueError, match=r"no scenario|no site|outside"):
        World(1, 1, 2, MONDAY, [part])
