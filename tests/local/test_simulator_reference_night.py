from datetime import date, datetime
from functools import cache

import pytest

from streams.local.simulator import spells as on
from streams.local.simulator.scenarios import Label, Part
from streams.local.simulator.world import World
from streams.telemetry.alarm import AlarmHeartbeat, AlarmSignal
from streams.telemetry.camera import CameraStatus, RecorderStatus
from streams.telemetry.decode import TOPICS, decode
from streams.telemetry.envelope import Telemetry
from streams.telemetry.power import PowerReading, PowerStatus
from streams.telemetry.rfid import RfidEncode
from streams.telemetry.shipment import ShipmentGate, ShipmentLoaded, ShipmentPlanned

SEEDS = range(2)


@cache
def night(seed: int) -> tuple[World, Label, list[Telemetry], list[Telemetry]]:
    """Answer the world, the label, what happened during the night and what before it, at the site."""
    world = World(seed, 1, 4, date(2026, 12, 7), [Part("reference-night")], sparse=True)
    seen: dict[bytes, Telemetry] = {}
    for line in world.lines():
        if line.topic in TOPICS and line.value:
            for arrival in decode(TOPICS[line.topic], line.key, line.value, line.received or _time(line.value))[0]:
                seen[repr(arrival.event).encode()] = arrival.event
    (label,) = world.labels
    events = sorted(seen.values(), key=lambda event: event.time)
    during = [event for event in events if label.start <= event.time.timestamp() <= label.end + 120]
    return world, label, during, [event for event in events if event.time.timestamp() < label.start]


def _time(value: bytes) -> float:
    return datetime.fromisoformat(value.split(b'"time":"')[1][:24].decode()).timestamp()


@pytest.mark.parametrize("seed", SEEDS)
def test_it_lasts_from_eleven_to_two_in_a_closed_house(seed: int) -> None:
    world, label, _, _ = night(seed)
    site = world.sites[0]
    there = [datetime.fromtimestamp(when, site.place.zone) for when in (label.start, label.end)]
    assert there[0].hour == 23
    assert there[1].hour < 2
    assert site.closed(label.start, label.end)
    assert {stage.domain for stage in label.stages} == {"power", "alarm", "camera", "rfid", "shipment"}
    assert len(label.stages) == 8


def test_nobody_is_at_work_meanwhile() -> None:
    for seed in (18, 19):  # in houses that are cleaned late
        _, _, during, _ = night(seed)
        assert not [event for event in during if isinstance(event, AlarmSignal) and event.code in ("OP", "CL")]


def test_no_outage_of_the_line_hides_it() -> None:
    world = World(0, 1, 4, date(2026, 12, 7), [Part("reference-night")], sparse=True)
    (start,) = world.starts
    world.sites[0].spells.add(on.WAN, start - 7200, start + 3600)
    clocks = [(_time(line.value), line.received) for line in world.lines() if line.topic in TOPICS and line.value]
    in_time = [clock for time, clock in clocks if start <= time < start + 600 and clock and clock < time + 120]
    assert len(in_time) > 20, "more than the panel says over its own path"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mains_are_cut_and_the_ups_takes_over(seed: int) -> None:
    world, _, during, _ = night(seed)
    feeds = {meter.feed for meter in world.sites[0].meters} - {"ups"}
    dead = {event.feed for event in during if isinstance(event, PowerReading) and event.voltage < 10}
    assert feeds <= dead
    if world.sites[0].ups:
        assert any("OB" in event.status for event in during if isinstance(event, PowerStatus))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_radio_is_jammed(seed: int) -> None:
    world, label, during, before = night(seed)
    radios = {radio.name for radio in world.sites[0].radios}
    heard = [event for event in during if isinstance(event, AlarmHeartbeat) and event.device in radios]
    usual = [event for event in before if isinstance(event, AlarmHeartbeat) and event.device in radios]
    rate = len(usual) / (3 * 86400)
    assert len(heard) / (label.end - label.start) < 0.5 * rate


@pytest.mark.parametrize("seed", SEEDS)
def test_cameras_go_one_after_another_and_the_disks_are_pulled(seed: int) -> None:
    world, _, during, _ = night(seed)
    blind: dict[str, datetime] = {}
    for event in during:
        if isinstance(event, CameraStatus) and (not event.connected or (event.sharpness or 0) < 0.11):
            blind.setdefault(event.device, event.time)
    assert len(blind) >= len(world.sites[0].cameras) * 0.5
    assert len(set(blind.values())) > 1
    assert any(event.disks < event.disks_expected for event in during if isinstance(event, RecorderStatus))


@pytest.mark.parametrize("seed", SEEDS)
def test_thirty_pallets_leave_under_a_planned_order_on_three_lorries(seed: int) -> None:
    _, _, during, before = night(seed)
    loaded = [event for event in during if isinstance(event, ShipmentLoaded)]
    assert len(loaded) == 30
    if all(event.items is not None for event in loaded):
        assert 45_000 < sum(event.items or 0 for event in loaded) < 55_000
    planned = {event.order for event in [*before, *during] if isinstance(event, ShipmentPlanned)}
    assert {event.order for event in loaded if event.order} <= planned
    ways = [event.direction for event in during if isinstance(event, ShipmentGate)]
    assert ways.count("in") == ways.count("out") == 3
    encoded = [event for event in during if isinstance(event, RfidEncode)]
    assert len(encoded) >= 145
