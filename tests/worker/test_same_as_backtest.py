"""One recording through Kafka and Faust, with several partitions, answers what the backtest answers, byte for byte."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from streams.incidents.backtest import Backtest
from streams.incidents.model import encode
from streams.local.kafka import Cluster
from streams.local.player import Player
from streams.local.simulator.scenarios import Part
from streams.local.simulator.world import World
from streams.settings import Settings
from streams.telemetry import shipment
from streams.telemetry.recording import Line, clocked
from streams.topics import ensure
from tests.worker.road import Tail, lag, until, worker

pytestmark = pytest.mark.long

PARTITIONS = 4
TOCSIN = ("streams", "worker")


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """Four sites in four partitions: a night at one, two dark together, and a plate that is at two of them at once."""
    dark = datetime(2026, 11, 17, 18, 30, tzinfo=UTC).timestamp()
    parts = [Part("reference-night"), *(Part("blackout", site, dark) for site in ("FR-95-ROISSY", "FR-77-MITRY"))]
    return list(forged(World(5, 4, 2, date(2026, 11, 16), parts).lines(), "FR-77-MITRY", "GB-LEI-MAGNA"))


def forged(lines: Iterable[Line], here: str, there: str) -> Iterator[Line]:
    """Let each lorry that comes `here` come `there` half a minute later, too."""
    waiting: list[tuple[float, Line]] = []
    for clock, line in clocked(lines):
        while waiting and waiting[0][0] <= clock:
            yield waiting.pop(0)[1]
        yield line
        event = msgspec.json.decode(line.value or b"null")
        if line.topic == shipment.TOPIC and event.get("type") == "shipment.gate" and event["site"] == here:
            later = datetime.fromtimestamp(clock + 30.0, UTC).isoformat(timespec="milliseconds")
            copy = event | {"site": there, "device": "gate-x", "time": later, "sequence": None}
            value = msgspec.json.encode(copy)
            waiting.append((clock + 30.0, line._replace(key=there.encode(), value=value, received=None)))


@pytest.fixture(scope="module")
def expected(lines: list[Line]) -> dict[str, set[bytes]]:
    told: dict[str, set[bytes]] = {"findings": set(), "incidents": set(), "dead-letters": set()}
    for one in Backtest().run(clocked(lines)):
        if "finding" in one:
            told["findings"].add(encode(one["finding"]))
        elif "incident" in one:
            told["incidents"].add(encode(one["incident"]))
        else:
            told["dead-letters"].add(one["dead_letter"]["reason"].encode())
    return told


@pytest.fixture
def brokers() -> Iterator[str]:
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS, clock="log"))
        yield cluster.bootstrap


def answers(tail: Tail) -> set[bytes]:
    if tail.topic == "dead-letters":
        return {dict(record.headers())["reason"] for record in tail.read()}
    return {record.value() for record in tail.read()}


def test_the_story_has_what_crosses_sites(expected: dict[str, set[bytes]]) -> None:
    found = {(one["detector"], one["site"]) for one in map(msgspec.json.decode, expected["findings"])}
    assert {("power.neighbourhood", "FR-95-ROISSY"), ("power.neighbourhood", "FR-77-MITRY")} <= found
    assert {("shipment.two_sites", "FR-77-MITRY"), ("shipment.two_sites", "GB-LEI-MAGNA")} <= found


@pytest.mark.parametrize(("deaths", "workers"), [(0, 1), (2, 1), (1, 2)])
def test_the_stream_answers_what_the_backtest_answers(
    brokers: str, tmp_path: Path, lines: list[Line], expected: dict[str, set[bytes]], deaths: int, workers: int
) -> None:
    environment: dict[str, Any] = {"TOCSIN_CLOCK": "log"}
    player = Thread(target=Player(brokers, speed=0).play, args=(lines,))
    with ExitStack() as stack:
        tails = [stack.enter_context(Tail(brokers, topic, PARTITIONS)) for topic in expected]
        player.start()
        for number in range(deaths):
            with worker(brokers, tmp_path, TOCSIN, **environment) as victim:
                time.sleep(2 + number)
                victim.kill()
        for _ in range(workers):
            stack.enter_context(worker(brokers, tmp_path, TOCSIN, **environment))
        player.join(120)
        until(lambda: lag(brokers, PARTITIONS) == 0, "lag 0", 120)
        for tail in tails:
            assert answers(tail) == expected[tail.topic], tail.topic
    assert expected["incidents"] and expected["findings"]
