"""What the stream relies on: the same slices give the same answers, whatever the fetch order, cut or restart."""

import random
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from math import ceil
from typing import Any

import pytest

from streams.incidents.backtest import Backtest
from streams.incidents.frozen import UnreadableError
from streams.incidents.model import Output, encode, moment
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.local.simulator.scenarios import Part
from streams.local.simulator.world import World
from streams.telemetry.control import Control
from streams.telemetry.decode import Arrival, decode
from streams.telemetry.decode_control import decode_control
from streams.telemetry.recording import Line, clocked
from streams.telemetry.refusal import Refusal
from tests.incidents.estate import ROISSY, START, says

Slice = tuple[float, list[Arrival], list[Control]]


@cache
def night() -> list[Line]:
    """A site's day with the reference night."""
    return list(World(5, 1, 2, date(2026, 11, 16), [Part("reference-night")]).lines())


def slices(lines: Iterable[Line]) -> Iterator[Slice]:
    """The slices that a player's ticks would make of a recording."""
    tick, arrivals, controls = 0, list[Arrival](), list[Control]()
    for clock, line in clocked(lines):
        if ceil(clock) > tick:
            if tick:
                yield float(tick), arrivals, controls
            tick, arrivals, controls = ceil(clock), [], []
        if line.topic.startswith("control."):
            control = decode_control(line.topic, line.key, line.value)
            if control is not None and not isinstance(control, Refusal):
                controls.append(control)
        else:
            arrivals += decode(line.topic.removeprefix("telemetry."), line.key, line.value, clock)[0]
    yield float(tick), arrivals, controls


def published(outputs: Iterable[Output]) -> list[tuple[float, bytes]]:
    return [(output.clock, encode(output.body)) for output in outputs]


def run(given: Iterable[Slice]) -> list[tuple[float, bytes]]:
    shard = Shard(Registry())
    return [told for part in given for told in published(shard.advance(*part))]


@cache
def expected() -> list[tuple[float, bytes]]:
    found = run(slices(night()))
    assert sum(b'"timeline"' in body for _, body in found) >= 3
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_order_within_a_slice_does_not_matter(seed: int) -> None:
    def shuffled() -> Iterator[Slice]:
        dice = random.Random(seed)
        for tick, arrivals, controls in slices(night()):
            # What one topic brings stays in its order, as in Kafka; how topics interleave is anybody's guess.
            arrivals.sort(key=lambda arrival: arrival.rank * dice.choice((1, -1)) if dice.random() < 0.01 else 0)
            lanes = [[one for one in arrivals if one.rank == rank] for rank in range(5)]
            dice.shuffle(lanes)
            yield tick, [one for lane in lanes for one in lane], controls

    assert run(shuffled()) == expected()


def test_a_restart_from_frozen_state_changes_nothing() -> None:
    shard, found = Shard(Registry()), list[tuple[float, bytes]]()
    for number, part in enumerate(slices(night())):
        if number % 5000 == 2500:
            frozen = {site: shard.freeze(site) for site in shard.sites()}
            shard, before = Shard(shard.registry), shard
            for site, blob in frozen.items():
                shard.thaw(site, blob)
                assert shard.freeze(site) == blob
            assert before.stats.events > 0
        found += published(shard.advance(*part))
    assert found == expected()


def test_more_ticks_in_between_change_nothing() -> None:
    def ticking() -> Iterator[Slice]:
        last = None
        for tick, arrivals, controls in slices(night()):
            if last is not None and tick - last > 10:
                yield from ((last + more, [], []) for more in range(3, 10, 3))
            yield tick, arrivals, controls
            last = tick

    assert run(ticking()) == expected()


@pytest.mark.parametrize("seed", range(3))
def test_many_slices_at_one_go_give_what_they_give_one_by_one(seed: int) -> None:
    dice, shard, found = random.Random(seed), Shard(Registry()), list[tuple[float, bytes]]()
    waiting: list[tuple[float, list[Arrival]]] = []
    for tick, arrivals, controls in slices(night()):
        if controls or dice.random() < 0.01:
            found += published(shard.stretch(waiting))
            waiting = []
        if controls:
            found += published(shard.advance(tick, arrivals, controls))
        else:
            waiting.append((tick, arrivals))
    assert found + published(shard.stretch(waiting)) == expected()


def test_a_recording_cut_short_tells_the_same_up_to_the_cut() -> None:
    def told(lines: list[Line], until: float) -> list[dict[str, Any]]:
        return [event for event in Backtest().run(clocked(lines)) if event["time"] <= moment(until)]

    for share in (0.5, 0.9):
        cut = night()[: int(len(night()) * share)]
        until = float(int(max(clock for clock, _ in clocked(cut))))
        assert told(cut, until) == told(night(), until)


def test_the_backtest_tells_what_the_shard_decides() -> None:
    told = [event for event in Backtest().run(clocked(night())) if event["event"] != "dead_letter"]
    bodies = [event.get("finding") or event["incident"] for event in told]
    incidents = [body for _, body in expected() if b',"incident":"' not in body]
    assert [encode(body) for body in bodies][: len(incidents)] == incidents


def test_a_damaged_state_is_refused_in_words() -> None:
    shard = Shard(Registry())
    for part in slices(night()[:2000]):
        shard.advance(*part)
    [site] = shard.sites()
    blob = shard.freeze(site)
    for broken in (b"", blob[:100], b"\x81" + blob, blob.replace(b"format", b"fromat")):
        with pytest.raises(UnreadableError, match=site):
            Shard(Registry()).thaw(site, broken)


def test_what_is_said_of_a_site_waits_until_the_site_is_heard() -> None:
    """Control topics are about the sites of all partitions."""
    shard = Shard(Registry())
    said = decode_control(
        "control.sites", b"FR-93-DUGNY", b'{"type":"site.profile","site":"FR-93-DUGNY","timezone":"Europe/Paris"}'
    )
    works = decode_control(
        "control.maintenance",
        b"m-1",
        b'{"type":"site.maintenance","id":"m-1","site":"FR-93-DUGNY","start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"}',
    )
    judged = decode_control(
        "control.verdicts",
        b"FR-93-DUGNY",
        b'{"type":"incident.verdict","incident":"i","site":"FR-93-DUGNY","verdict":"benign","by":"a","time":"2026-01-01T00:00:00Z"}',
    )
    controls = [control for control in (said, works, judged) if control and not isinstance(control, Refusal)]
    assert len(controls) == 3
    assert shard.advance(100.0, [], controls) == [] and list(shard.sites()) == []
    heard = b'{"type":"alarm.heartbeat","site":"FR-93-DUGNY","device":"p","time":"1970-01-01T00:01:41Z","path":"ip"}'
    shard.advance(101.0, decode("alarm", b"FR-93-DUGNY", heard, 101.0)[0], [])
    watch = shard.watch("FR-93-DUGNY")
    assert watch is not None and watch.scene.zone.key == "Europe/Paris" and list(watch.works.records) == ["m-1"]


def test_whoever_counts_the_silent_changes_nothing() -> None:
    shard = Shard(Registry())
    for number, part in enumerate(slices(night()[:4000])):
        shard.advance(*part)
        if number % 50 == 0:
            before = {site: shard.freeze(site) for site in shard.sites()}
            shard.census()
            assert {site: shard.freeze(site) for site in shard.sites()} == before


def test_a_lorry_at_a_gate_whose_clock_is_fast_came_no_later_than_it_was_heard_of() -> None:
    shard = Shard(Registry())
    seen = says(ROISSY, 200.0, "shipment.gate", "gate-1", plate="AB-123-CD", direction="in", likelihood=0.95)[1]
    shard.advance(START + 1.0, [seen], [])
    shard.advance(START + 9.0, [], [])
    watch = shard.watch(ROISSY)
    assert watch is not None and watch.scene.goods.plates["AB123CD"].entered == START + 1.0
