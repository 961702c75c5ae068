"""What snapshots cost: `python -m tests.benchmarks.snapshots [bytes] [cost] [recovery]`; real Kafka, real workers.

`bytes`: changelog bytes an event at one event a second and device, 500 devices a site. `cost`: CPU time of working off
the same backlog with and without snapshots. `recovery`: seconds until a new worker owns 65 sites of 500 devices.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

import httpx
import msgspec
from confluent_kafka import Producer
from rich.console import Console

from streams.incidents.model import moment
from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings
from streams.topics import ensure
from streams.worker.checkpoints import STATE
from streams.worker.clock import TELEMETRY
from streams.worker.kafka import reader, tail
from tests.benchmarks.load import one
from tests.worker.road import Worker, lag, until, worker

DEVICES = 500
TOCSIN = ("streams", "worker")
PARTITIONS = 8

_client = httpx.Client()


def second(site: str, now: float, number: int, dice: Random) -> Iterator[tuple[str, bytes]]:
    """Make a second of a site, (topic, value): one object of each of its devices, a batch a topic."""
    batches: dict[str, list[bytes]] = {}
    for device in range(DEVICES):
        topic, rest = one(device, dice)
        time = moment(now + device / DEVICES).isoformat(timespec="milliseconds")
        body = {"site": site, "device": f"{topic}-{device}", "time": time, "sequence": number, **rest}
        batches.setdefault(topic, []).append(msgspec.json.encode(body))
    for topic, bodies in batches.items():
        yield topic, b"[" + b",".join(bodies) + b"]"


def publish(brokers: str, sites: int, seconds: int, live: bool, told: Callable[[int], object] = int) -> int:
    """Publish so many seconds of so many sites, as they pass or at once; how many objects it were, told as it goes."""
    producer = Producer({"bootstrap.servers": brokers, "compression.type": "lz4", "partitioner": "murmur2"})
    dice, start = Random(1), time.time() - (0 if live else seconds + 60)
    for number in range(seconds):
        now = start + number
        if live:
            time.sleep(max(0.0, now - time.time()))
        for site in range(sites):
            for topic, value in second(f"SITE-{site:03}", now, number, dice):
                producer.produce(topic, value, f"SITE-{site:03}", timestamp=int(now * 1000))
            producer.poll(0)
        told((number + 1) * sites * DEVICES)
    assert producer.flush(60) == 0
    return sites * seconds * DEVICES


def written(brokers: str) -> int:
    """Sum up the bytes of all rows written so far."""

    async def read() -> int:
        total = 0
        async with reader(Settings(brokers=brokers), [(STATE, number) for number in range(PARTITIONS)]) as consumer:
            waiting = await tail(consumer)
            while waiting:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    total += sum(len(record.key or b"") + len(record.value or b"") for record in records)
                waiting = {tp: end for tp, end in waiting.items() if await consumer.position(tp) < end}
        return total

    return asyncio.run(read())


def used(running: Worker) -> float:
    """CPU seconds of a worker so far."""
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_bytes(seconds: int) -> str:
    """Changelog bytes an event, under the default settings."""
    with Cluster() as cluster, TemporaryDirectory() as folder:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        with worker(cluster.bootstrap, Path(folder), TOCSIN, TOCSIN_SNAPSHOT_S="10"):
            objects = publish(cluster.bootstrap, 1, seconds, live=True)
            size = written(cluster.bootstrap)
    return f"{size / objects:.1f} changelog bytes an event ({objects:,} events of {DEVICES} devices, {size:,} bytes)"


def drain(sites: int, seconds: int, interval: str) -> float:
    """CPU microseconds an event of working off a backlog."""
    (port,) = free_ports(1)
    with Cluster() as cluster, TemporaryDirectory() as folder:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        objects = publish(cluster.bootstrap, sites, seconds, live=False)
        environment = {"TOCSIN_SNAPSHOT_S": interval, "TOCSIN_METRICS_PORT": str(port)}
        with worker(cluster.bootstrap, Path(folder), TOCSIN, **environment) as running:
            before = used(running)
            until(lambda: decided(port) >= objects, "the end of the backlog", 900)
            return 1e6 * (used(running) - before) / objects


def decided(port: int) -> float:
    """Events that a worker has read and whose slices it has decided, but for the last ones."""
    return sum(float(line.split()[1]) for line in scraped(port) if line.startswith("tocsin_events_total{"))


def scraped(port: int) -> list[str]:
    """Ask a worker for its metrics, by a client that is kept: to make one costs more than the answer."""
    return _client.get(f"http://127.0.0.1:{port}/metrics").text.splitlines()


def measure_cost(sites: int, seconds: int, rounds: int) -> str:
    """Compare with and without, in turns: the machine is never the same twice."""
    with_, without = [], []
    for _ in range(rounds):
        without.append(drain(sites, seconds, "3600"))
        with_.append(drain(sites, seconds, "10"))
    more = median(with_) / median(without) - 1
    return f"{median(with_):.1f} CPU µs an event with snapshots, {median(without):.1f} without: {more:+.1%}"


def measure_recovery(sites: int, seconds: int) -> str:
    """Seconds from the start of a worker until it owns everything, and of that without the interpreter's start."""
    with Cluster() as cluster, TemporaryDirectory() as folder:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        publish(cluster.bootstrap, sites, seconds, live=False)
        with worker(cluster.bootstrap, Path(folder), TOCSIN, TOCSIN_SNAPSHOT_S="10"):
            until(lambda: lag(cluster.bootstrap, PARTITIONS, TELEMETRY) == 0, "lag 0", 400)
        began = time.monotonic()
        with worker(cluster.bootstrap, Path(folder), TOCSIN) as running:
            return (
                f"{time.monotonic() - began:.1f} s CPU {used(running):.1f} s to own {sites} sites of {DEVICES} devices"
            )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.snapshots", description=__doc__)
    parser.add_argument("what", nargs="*", default=["bytes", "cost", "recovery"])
    parser.add_argument("--sites", type=int, default=65)
    parser.add_argument("--seconds", type=int, default=120)
    given = parser.parse_args()
    out = Console()
    if "bytes" in given.what:
        out.print(measure_bytes(given.seconds))
    if "cost" in given.what:
        out.print(measure_cost(8, given.seconds, 3))
    if "recovery" in given.what:
        out.print(measure_recovery(given.sites, 12))


if __name__ == "__main__":
    main()
