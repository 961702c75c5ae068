"""`tocsin drill` on a real broker and a real worker: what is noticed is timed, and nothing stays."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure
from streams.worker.checkpoints import STATE
from streams.worker.kafka import read_all
from tests.worker.road import Tail, until, worker

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PARTITIONS = 2


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        with worker(cluster.bootstrap, tmp_path_factory.mktemp("worker"), ("streams", "worker")):
            yield cluster.bootstrap


def drill(brokers: str, log: Path, *options: str) -> "subprocess.Popen[bytes]":
    call = [sys.executable, "-m", "streams", "drill", "B-2", *options, "--brokers", brokers, "--days", "1"]
    with log.open("wb") as output:
        return subprocess.Popen(
            call, cwd=ROOT, stdout=output, stderr=output, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )


def noticed(process: "subprocess.Popen[bytes]", log: Path) -> bool:
    """Whether the burglary was noticed; a drill that ends before that has failed."""
    found = re.search(r"\+\d.* finding +alarm.burglary", log.read_text()) is not None
    assert found or process.poll() is None, log.read_text()
    return found


def remains(brokers: str) -> set[str]:
    """What is still said and known of shadows."""
    settings, found = Settings(brokers=brokers), set()
    for topic, partitions in (("control.sites", 1), ("incidents", PARTITIONS), (STATE, PARTITIONS)):
        for rows in asyncio.run(read_all(settings, topic, range(partitions))).values():
            found |= {f"{topic} {key}" for key in rows if key.startswith("DRILL-")}
    return found


def test_an_attack_is_timed_broken_off_and_leaves_nothing(brokers: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Tail(brokers, "tocsin.facts", 1) as facts, Tail(brokers, "incidents", PARTITIONS) as incidents:
        process = drill(brokers, log, "smash-and-grab", "--json")
        until(lambda: noticed(process, log), f"log {log}", 480)
        until(lambda: any("B-2" in one and STATE in one for one in remains(brokers)), "that the worker keeps it")
        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 130, log.read_text()
        outcome = json.loads(log.read_text().splitlines()[-1])
        assert not outcome["finished"] and outcome["expected"] == "page"
        broken, *rest = outcome["stages"]
        assert (broken["domain"], broken["detector"], broken["reached"]) == ("alarm", "alarm.burglary", True)
        assert 0 < outcome["first_finding_s"] == broken["delay_s"] < 30
        assert not rest[-1]["reached"]
        assert "is gone." in log.read_text() and "Traceback" not in log.read_text()
        told = [json.loads(record.value()) for record in incidents.read() if record.value()]
        assert {one["drill"] for one in told} == {"quiet"} and told[-1]["verdict"] == "test"
        assert facts.read() == []
    until(lambda: not remains(brokers), "that nothing of it remains")


def test_what_is_no_attack_is_refused(brokers: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert drill(brokers, log, "blackout").wait(60) == 2
    assert "is no attack" in log.read_text() and "Traceback" not in log.read_text()
