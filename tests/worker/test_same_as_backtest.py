"""One recording through Kafka and Faust, with several partitions, answers what the backtest answers, byte for byte."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.incidents.backtest import Backtest
from streams.incidents.model import encode
from streams.local.kafka import Cluster
from streams.local.player import Player
from streams.local.simulator.scenarios import Part
from streams.local.simulator.world import World
from streams.settings import Settings
from streams.telemetry.recording import Line, clocked, latest_time
from streams.topics import ensure
from streams.worker.clock import CLOCK, TELEMETRY
from tests.worker import abroad
from tests.worker.road import Tail, lag, until, worker

pytestmark = pytest.mark.long

PARTITIONS = 4
TOCSIN = ("streams", "worker")
POLICY = {"automatic": ["lockdown"], "risk": 0.5}


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    night = list(armed(list(World(5, 3, 2, date(2026, 11, 16), [Part("reference-night")]).lines())))
    return sorted([*acted(night), *night], key=lambda line: line.received or latest_time(line.value) or 0.0)


def armed(night: list[Line]) -> Iterator[Line]:
    """Let each site lock down by itself, those too that declare nothing."""
    start = next(clock for clock, _ in clocked(night))
    declared = {line.key for line in night if line.topic == "control.sites"}
    for site in sorted({line.key.decode() for line in night if line.key and line.topic.startswith("telemetry.")}):
        if site.encode() not in declared:
            body = msgspec.json.encode({"type": "site.profile", "site": site, "policy": POLICY})
            yield Line("control.sites", site.encode(), body, start, 0)
    for line in night:
        profile = line.topic == "control.sites" and msgspec.json.decode(line.value or b"")
        yield line._replace(value=msgspec.json.encode({**profile, "policy": POLICY})) if profile else line


def acted(night: list[Line]) -> Iterator[Line]:
    """Let people take on the incidents of a night, two of them release, and a site confirm; one record comes twice."""
    told = [one["incident"] for one in Backtest().run(clocked(night)) if "incident" in one]
    for paged in [one for one in told if one.pages and one.revision == min(x.revision for x in told if x.pages)]:
        at = paged.updated.timestamp()
        common = {"site": paged.site, "time": paged.updated}
        does = [("acknowledge", "a"), ("note", "a"), ("note", "a"), ("release", "a"), ("release", "b")]
        bodies: list[dict[str, Any]] = [
            {"type": "incident.action", "id": what + by, "incident": paged.id, "action": what, "by": by, "note": "n"}
            for what, by in does
        ]
        confirmed = {"type": "command.confirmed", "id": "c", "command": f"{paged.id}-lockdown", "by": "gate"}
        for number, body in enumerate([*bodies, {**confirmed, "outcome": "done"}]):
            value = msgspec.json.encode({**common, **body})
            yield Line("control.actions", paged.site.encode(), value, at + 20.0 * (number + 1), 0)


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


def test_the_stream_answers_what_the_backtest_answers(
    brokers: str, tmp_path: Path, lines: list[Line], expected: dict[str, set[bytes]]
) -> None:
    environment: dict[str, Any] = {"TOCSIN_CLOCK": "log"}
    player = Thread(target=Player(brokers, speed=0).play, args=(lines,))
    with ExitStack() as stack:
        tails = [stack.enter_context(Tail(brokers, topic, PARTITIONS)) for topic in expected]
        player.start()
        for seconds in (2, 3):
            with worker(brokers, tmp_path, TOCSIN, **environment) as victim:
                time.sleep(seconds)
                victim.kill()
        with worker(brokers, tmp_path, TOCSIN, **environment):
            player.join(120)
            until(lambda: lag(brokers, PARTITIONS) == 0, "lag 0", 120)
        for tail in tails:
            assert answers(tail) == expected[tail.topic], tail.topic
    assert expected["findings"]
    assert any(b'"acknowledged_by":"a"' in body and b'"command":"release"' in body for body in expected["incidents"])
    assert any(b'"mode":"automatic"' in body and b'"overdue":true' in body for body in expected["incidents"])


@pytest.mark.parametrize(("deaths", "workers"), [(1, 1), (0, 2)])
def test_so_it_does_where_sites_hear_of_each_other(brokers: str, tmp_path: Path, deaths: int, workers: int) -> None:
    player = Player(brokers, speed=0)
    with ExitStack() as stack:
        tails = [stack.enter_context(Tail(brokers, topic, PARTITIONS)) for topic in abroad.expected()]
        player.play(abroad.lines())
        for _ in range(deaths):
            with worker(brokers, tmp_path, TOCSIN, TOCSIN_CLOCK="log") as victim:
                until(lambda: bool(tails[0].read()), "the first finding")
                victim.kill()
        for _ in range(workers):
            stack.enter_context(worker(brokers, tmp_path, TOCSIN, TOCSIN_CLOCK="log"))
        until(lambda: lag(brokers, PARTITIONS) == 0, "lag 0", 120)
        for tail in tails:
            assert answers(tail) == abroad.expected()[tail.topic], tail.topic


def test_what_was_saved_and_not_committed_is_committed_by_the_next(brokers: str, tmp_path: Path) -> None:
    Player(brokers, speed=0).play(abroad.lines())
    with worker(brokers, tmp_path, TOCSIN, TOCSIN_CLOCK="log"):
        until(lambda: lag(brokers, PARTITIONS) == 0, "lag 0", 120)
    committed = Consumer({"bootstrap.servers": brokers, "group.id": Settings().group})
    every = [TopicPartition(topic, n, 0) for topic in (*TELEMETRY, CLOCK) for n in range(PARTITIONS)]
    committed.commit(offsets=every, asynchronous=False)
    committed.close()
    assert lag(brokers, PARTITIONS) > 0
    with worker(brokers, tmp_path, TOCSIN, TOCSIN_CLOCK="log"):
        until(lambda: lag(brokers, PARTITIONS) == 0, "lag 0")
