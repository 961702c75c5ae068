"""The road on real Kafka: what is sent by whatever client is counted once, or is a dead letter that says why."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from streams.local.kafka import Cluster
from tests.worker.road import PATIENCE, Tail, Worker, counted, lag, new_site, publish, reading, starting, until, worker

pytestmark = pytest.mark.long

SESSION = 12.0
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


@pytest.fixture(scope="module")
def running(road: tuple[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with worker(road[0], tmp_path_factory.mktemp("road")) as process:
        yield process


def count(road: tuple[str, int], site: str) -> int:
    return counted(*road).get(site, 0)


def test_lag_reaches_zero_and_stays_there(road: tuple[str, int], running: Worker) -> None:
    sites = [new_site() for _ in range(10)]
    publish(road[0], [("telemetry.power", site.encode(), reading(site, n)) for n in range(500) for site in sites])
    until(lambda: lag(*road) == 0, "lag 0")
    assert sum(count(road, site) for site in sites) == 5000
    worst = 0
    for _ in range(15):
        worst = max(worst, lag(*road))
        time.sleep(0.2)
    assert worst <= road[1], "an idle tick of each partition may be on its way, no more"


@pytest.mark.parametrize("codec", CODECS)
def test_confluent_kafka_is_read_with_each_codec(road: tuple[str, int], running: Worker, codec: str) -> None:
    site = new_site()
    records = [("telemetry.power", site.encode(), reading(site, n)) for n in range(200)]
    publish(road[0], records, **{"compression.type": codec, "linger.ms": 50})
    until(lambda: count(road, site) == 200, f"200 objects sent with {codec}")


@pytest.mark.parametrize("codec", CODECS)
def test_kcat_is_read_with_each_codec(road: tuple[str, int], running: Worker, codec: str) -> None:
    site = new_site()
    lines = b"".join(site.encode() + b"|" + reading(site, n) + b"\n" for n in range(200))
    command = ["kcat", "-P", "-b", road[0], "-t", "telemetry.power", "-K", "|", "-z", codec]
    subprocess.run(command, input=lines, check=True, timeout=PATIENCE)
    until(lambda: count(road, site) == 200, f"200 objects sent by kcat with {codec}")


@pytest.mark.parametrize("codec", CODECS)
def test_the_java_client_is_read_with_each_codec(
    road_cluster: Cluster, road: tuple[str, int], running: Worker, codec: str
) -> None:
    site = new_site()
    road_cluster.console_producer("telemetry.power", [(site, reading(site, n)) for n in range(3)], codec)
    until(lambda: count(road, site) == 3, f"3 objects sent by Kafka's console producer with {codec}")


def test_a_batch_means_the_same_as_its_objects(road: tuple[str, int], running: Worker) -> None:
    site = new_site()
    batch = b"[" + b",".join(reading(site, n) for n in range(1000)) + b"]"
    publish(road[0], [("telemetry.power", site.encode(), batch), ("telemetry.power", site.encode(), b"[]")])
    until(lambda: count(road, site) == 1000, "a batch of 1,000")


def test_poison_becomes_dead_letters_and_the_stream_goes_on(road: tuple[str, int], running: Worker) -> None:
    site = new_site()
    key = site.encode()
    good = reading(site, 0)
    poison: list[tuple[bytes | None, bytes | None]] = [
        (key, b"not json"),
        (key, b"[" + good),
        (key, good.replace(b"230.0", b'"230"')),
        (key, reading(site, 1, type="camera.status")),
        (key, reading(site, 1, type="no.such")),
        (key, reading(site, 1, voltage=1e9)),
        (b"OTHER-SITE", reading(site, 1)),
        (None, reading(site, 1)),
        (key, b""),
        (key, None),
        (key, b'{"type":"' + b"x" * (2 << 20) + b'"}'),
        (key, good.replace(b"meter", b"\xff\xfe")),
        (b"\xff\xfe", good),
        (key, b"[" * 100_000),
        (key, b"42"),
    ]
    with Tail(road[0], "dead-letters", road[1]) as dead:
        publish(road[0], [("telemetry.power", *record) for record in poison] + [("telemetry.power", key, good)])
        until(lambda: count(road, site) == 1, "the good one behind the poison")
        until(lambda: len(dead.read()) == len(poison), f"{len(poison)} dead letters, not {len(dead.records)}")
    told = {letter.value() or None for letter in dead.records}
    assert told == {value or None for _, value in poison}
    for letter in dead.records:
        headers = dict(letter.headers())
        assert headers["reason"] and headers["topic"] == b"telemetry.power"
        assert set(headers) == {"reason", "field", "topic", "partition", "offset", "principal"}


def test_a_hundred_thousand_pieces_of_poison_in_a_row(road: tuple[str, int], running: Worker) -> None:
    site = new_site()
    with Tail(road[0], "dead-letters", road[1]) as dead:
        publish(road[0], [("telemetry.alarm", site.encode(), b"\x00\xffpoison %d" % n) for n in range(100_000)])
        publish(road[0], [("telemetry.power", site.encode(), reading(site, 0))])
        until(lambda: len(dead.read()) >= 100_000, "100,000 dead letters", 2 * PATIENCE)
        until(lambda: count(road, site) == 1, "the good one behind the poison")
        until(lambda: lag(*road) == 0, "lag 0")
    assert len({(letter.key(), letter.value()) for letter in dead.records}) == 100_000


@pytest.mark.parametrize("seed", [1])
def test_kill_9_in_mid_stream_loses_nothing_and_counts_nothing_twice(
    road: tuple[str, int], running: Worker, tmp_path: Path, seed: int
) -> None:
    running.end()
    random = Random(seed)
    sites = [new_site() for _ in range(20)]
    findings = Tail(road[0], "findings", road[1])
    sent = 0
    with findings, ExitStack() as survivors:
        for _ in range(3):
            # By its name it is known again at once; without one the group would wait for the end of its session.
            with worker(road[0], tmp_path, TOCSIN_INSTANCE="victim") as victim:
                for _ in range(10):
                    batch = range(sent, sent + 50)
                    publish(road[0], [("telemetry.power", s.encode(), reading(s, n)) for n in batch for s in sites])
                    sent += 50
                    time.sleep(random.random() * 0.3)
                victim.kill()
        began = time.monotonic()
        survivors.enter_context(worker(road[0], tmp_path, TOCSIN_INSTANCE="victim"))
        assert time.monotonic() - began < SESSION, "the group has waited for the one that was killed"
        until(lambda: lag(*road) == 0, "lag 0")
        assert {site: count for site, count in counted(*road).items() if site in sites} == dict.fromkeys(sites, sent)
        told: dict[bytes, bytes] = {}
        for finding in findings.read():
            key = finding.value()[:40]
            assert told.setdefault(key, finding.value()) == finding.value(), "told again, but not the same"
        assert len(told) == len(sites) * (sent // 100)


@pytest.mark.parametrize("newcomer", ["counted", "late"])
def test_of_two_workers_of_one_name_one_ends_and_says_so(
    road: tuple[str, int], running: Worker, tmp_path: Path, newcomer: str
) -> None:
    running.end()
    with (
        worker(road[0], tmp_path, TOCSIN_INSTANCE="twin") as one,
        starting(road[0], tmp_path, (f"tests.worker.{newcomer}",), TOCSIN_INSTANCE="twin") as other,
    ):
        until(lambda: any(twin.process.poll() is not None for twin in (one, other)), "the end of one")
        ended = [twin for twin in (one, other) if twin.process.poll() is not None]
        logs = "\n".join(twin.log.read_text() for twin in ended)
        assert [twin.process.poll() for twin in ended] == [70], logs
        assert "TOCSIN_INSTANCE" in logs


def test_a_second_worker_takes_half_and_gives_it_back(road: tuple[str, int], running: Worker, tmp_path: Path) -> None:
    running.end()
    site = [new_site() for _ in range(40)]
    with worker(road[0], tmp_path):
        publish(road[0], [("telemetry.power", s.encode(), reading(s, n)) for n in range(50) for s in site])
        with worker(road[0], tmp_path, TOCSIN_INSTANCE="second") as second:
            publish(road[0], [("telemetry.camera", s.encode(), b"{}") for s in site])
            publish(road[0], [("telemetry.power", s.encode(), reading(s, n)) for n in range(50, 100) for s in site])
            until(lambda: lag(*road) == 0, "lag 0 with two")
            assert second.end() == 0
        publish(road[0], [("telemetry.power", s.encode(), reading(s, n)) for n in range(100, 150) for s in site])
        until(lambda: lag(*road) == 0, "lag 0 with one")
    seen = counted(*road)
    assert {s: seen[s] for s in site} == dict.fromkeys(site, 150)
