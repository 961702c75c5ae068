"""By the wall clock, too, a site hears of what another has seen, whichever partition it lies in, also after a death."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure
from tests.worker.road import Tail, publish, until, worker

pytestmark = pytest.mark.long

PARTITIONS = 4
TOCSIN = ("streams", "worker")
SITES = ("LIVE-1", "LIVE-2", "LIVE-3", "LIVE-4")


@pytest.fixture
def brokers() -> Iterator[str]:
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        yield cluster.bootstrap


def lorry(site: str) -> tuple[str, bytes, bytes]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"type": "shipment.gate", "site": site, "device": "gate", "time": now, "plate": "FA-123-KE"}
    return "telemetry.shipment", site.encode(), msgspec.json.encode(body | {"direction": "in", "likelihood": 0.98})


def test_a_plate_is_named_at_every_site_that_saw_it(brokers: str, tmp_path: Path) -> None:
    with Tail(brokers, "findings", PARTITIONS) as findings, Tail(brokers, "tocsin.facts", 1) as facts:
        with worker(brokers, tmp_path, TOCSIN) as victim:
            publish(brokers, [lorry(site) for site in SITES], partitioner="murmur2")
            until(lambda: len(facts.read()) == len(SITES), "a fact of each site")
            victim.kill()
        with worker(brokers, tmp_path, TOCSIN):
            until(lambda: len(named(findings)) == len(SITES), "a finding at each site")
    assert {fact.partition() for fact in facts.records} == {0}


def named(findings: Tail) -> set[str]:
    told = [msgspec.json.decode(record.value()) for record in findings.read()]
    return {one["site"] for one in told if one["detector"] == "shipment.two_sites"}
