"""`tocsin state`, and what becomes of a snapshot that can't be read: on real Kafka, with a real worker."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure
from streams.worker.checkpoints import STATE
from tests.worker.road import Tail, lag, new_site, publish, reading, until, worker

TOCSIN = ("streams", "worker")
PARTITIONS = 2


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        yield cluster.bootstrap


def state(brokers: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams", "state", *words]
    return subprocess.run(
        command,
        env=os.environ | {"TOCSIN_BROKERS": brokers, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def exported(brokers: str, site: str) -> dict[str, Any]:
    said = state(brokers, "export", site)
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout) if said.stdout else {}
    return found


def known(brokers: str, site: str) -> list[str]:
    return [name for name, owner, _ in exported(brokers, site)["state"]["detectors"] if owner == "meter"]


def speak(brokers: str, *sites: str, since: int = 0) -> None:
    records = [("telemetry.power", site.encode(), reading(site, n)) for n in range(since, since + 20) for site in sites]
    publish(brokers, records)
    until(lambda: lag(brokers, PARTITIONS) <= PARTITIONS, "lag 0")


def test_state_is_shown_exported_and_reset(brokers: str, tmp_path: Path) -> None:
    one, other = new_site(), new_site()
    with worker(brokers, tmp_path, TOCSIN):
        speak(brokers, one, other)
        until(lambda: bool(exported(brokers, one)) and bool(exported(brokers, other)), "both snapshots")
        assert one in state(brokers, "show").stdout and other in state(brokers, "show").stdout
        assert "power.load" in state(brokers, "show", one).stdout
        assert state(brokers, "reset", one, "--device", "meter").returncode == 0
        until(lambda: known(brokers, one) == [], "the meter of one site forgotten")
        assert known(brokers, other), "the other site's is not"
        assert exported(brokers, one)["state"]["plain"]["trackers"]["d"], "a repeat remains a repeat"
        speak(brokers, one, since=20)
        until(lambda: known(brokers, one) != [], "the meter learnt anew")


@pytest.mark.parametrize(
    ("words", "told"),
    [(("reset",), "name the site"), (("reset", "NO-SUCH-SITE"), "tocsin state show"), (("dance",), "show")],
)
def test_what_cannot_be_done_is_said(brokers: str, words: tuple[str, ...], told: str) -> None:
    said = state(brokers, *words)
    assert said.returncode in (1, 2)
    assert told in said.stderr and "Traceback" not in said.stderr


def test_a_snapshot_that_cannot_be_read_is_set_aside_and_its_site_learnt_anew(brokers: str, tmp_path: Path) -> None:
    sound, damaged = new_site(), new_site()
    with worker(brokers, tmp_path, TOCSIN) as first:
        speak(brokers, sound, damaged)
        until(lambda: bool(exported(brokers, damaged)), "its snapshot")
        assert first.end() == 0
    publish(brokers, [(STATE, damaged.encode(), b"no snapshot")], partitioner="murmur2")
    with Tail(brokers, "findings", PARTITIONS) as findings, Tail(brokers, "dead-letters", PARTITIONS) as dead:
        with worker(brokers, tmp_path, TOCSIN) as second:
            until(lambda: len(findings.read()) > 0 and len(dead.read()) > 0, "the finding and the dead letter")
            assert "is set aside" in second.log.read_text()
            speak(brokers, sound, damaged, since=20)
            until(lambda: bool(exported(brokers, damaged)), "its new snapshot")
        told = [json.loads(record.value()) for record in findings.records]
        assert [(one["site"], one["detector"]) for one in told] == [(damaged, "platform.memory")]
        assert [record.value() for record in dead.records] == [b"no snapshot"]
        assert dict(dead.records[0].headers())["topic"] == STATE.encode()
    assert exported(brokers, sound)["state"]["plain"]["trackers"]["d"]["meter"]
