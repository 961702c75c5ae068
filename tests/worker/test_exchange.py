"""Partitions in several processes, each at its own pace, answer what one pass over the recording answers."""

import asyncio
from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from streams.incidents.backtest import Backtest
from streams.incidents.model import encode
from streams.telemetry.decode import LANES
from streams.telemetry.recording import Line, clocked
from streams.worker.clock import FACTS, Mark, decode_fact
from streams.worker.exchange import Exchange
from streams.worker.publisher import FINDINGS, INCIDENTS
from tests.incidents.estate import DUGNY, LYON, MITRY, ROISSY, START, Row, burgled, lorry, profile, supply
from tests.worker.lanes import Played, Process
from tests.worker.log import Kafka

HOUR = 3600.0


def story() -> list[Row]:
    """Three sites go dark together, thieves come to a fourth; a lorry is at two sites at once, and seen again."""
    rows = [row for n, site in enumerate((ROISSY, MITRY, DUGNY)) for row in supply(site, 2 * HOUR, HOUR, 40.0 * n)]
    rows += [*supply(LYON, 2 * HOUR, 1e9), *burgled(LYON, HOUR + 5)]
    rows += [lorry(ROISSY, 60, "FA-123-KE"), lorry(LYON, 75, "FA-123-KE"), lorry(DUGNY, HOUR - 60, "FA-123-KE")]
    return [*rows, lorry(MITRY, 1.6 * HOUR, "FA-123-KE"), lorry(LYON, 1.7 * HOUR, "FA-123-KE")]


def lines() -> Iterator[Line]:
    types = {kind: tag for lane in LANES.values() for tag, kind in lane.types.items()}
    domain = {tag: name for name, lane in LANES.items() for tag in lane.types}
    for site in (ROISSY, MITRY, DUGNY, LYON):
        yield Line("control.sites", site.encode(), msgspec.json.encode(profile(site, site != LYON)), START, 0)
    for number, (at, arrival) in enumerate(sorted(story(), key=lambda row: row[0])):
        tag, event = types[type(arrival.event)], arrival.event
        wire = {"type": tag} | {key: value for key, value in msgspec.to_builtins(event).items() if value is not None}
        topic, value = f"telemetry.{domain[tag]}", msgspec.json.encode(wire)
        yield Line(topic, event.site.encode(), value, at, number)


def expected() -> dict[str, set[bytes]]:
    told: dict[str, set[bytes]] = {FINDINGS: set(), INCIDENTS: set()}
    for one in Backtest().run(clocked(lines())):
        if body := one.get("finding") or one.get("incident"):
            told[FINDINGS if "finding" in one else INCIDENTS].add(encode(body))
    detectors = {msgspec.json.decode(finding)["detector"] for finding in told[FINDINGS]}
    assert {"power.neighbourhood", "shipment.two_sites", "shipment.watched_plate"} <= detectors
    return told


async def play(played: Played, owned: list[list[int]], dice: Random) -> Kafka:
    """Let each process do a step now and then, until none has anything to do."""
    kafka = Kafka()
    processes = [Process(played, partitions, kafka) for partitions in owned]
    idle = 0
    while idle < 200:
        process = dice.choice(processes)
        if dice.random() < 0.3:
            process.listen()
        runner = dice.choice(process.runners)
        steps = dice.choice((1, 1, 5, 100))
        while steps and await runner.step():
            steps, idle = steps - 1, 0
        idle += 1
    assert not any(runner.lane.ticks for process in processes for runner in process.runners)
    return kafka


@pytest.mark.parametrize("owned", [[[0, 1, 2]], [[0, 2], [1]], [[0], [1], [2]]], ids=str)
def test_any_pace_gives_the_same_answers(owned: list[list[int]]) -> None:
    wanted, played = expected(), Played(lines(), 3)
    kafka = asyncio.run(play(played, owned, Random(len(owned))))
    assert {topic: {value for _, value in kafka.sent[topic]} for topic in wanted} == wanted
    marks = [one for _, value in kafka.sent[FACTS] if isinstance(one := decode_fact(value), Mark)]
    assert bool(marks) == (len(owned) > 1)


def test_a_lane_waits_for_the_slowest_of_the_others() -> None:
    exchange, woken = Exchange(3), list[float]()
    exchange.moved = lambda: woken.append(exchange.horizon(0))
    exchange.own([0, 1])
    exchange.promise(1, 100.0)
    assert exchange.horizon(0) == float("-inf") and exchange.awaited(0) == 2
    exchange.hear(Mark(2, 50.0))
    exchange.hear(Mark(2, 40.0))
    assert exchange.horizon(0) == 60.0 and exchange.awaited(0) == 2
    exchange.promise(0, 70.0)
    exchange.hear(Mark(2, 90.0))
    assert woken[-1] == 100.0 and Exchange(1).horizon(0) == float("inf")
