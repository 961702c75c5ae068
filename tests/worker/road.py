"""What the tests of the road do with a real broker and real worker processes."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.offsets import watermarks
from streams.settings import Settings
from streams.worker.checkpoints import MARK, STATE, unpack
from streams.worker.clock import CLOCK, TELEMETRY
from streams.worker.kafka import read_all
from tests.worker.counting import Counted

PATIENCE = 60.0


def until(ready: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for something, at most so long."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.1)


def new_site() -> str:
    return f"T-{uuid4().hex[:12].upper()}"


def reading(site: str, sequence: int, **other: Any) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    body = {"type": "power.reading", "site": site, "device": "meter", "time": now, "sequence": sequence}
    return msgspec.json.encode(body | {"feed": "grid-a", "voltage": 230.0, "frequency": 50.0} | other)


@dataclass
class Worker:
    """A worker process that counts."""

    process: subprocess.Popen[bytes]
    log: Path

    def owns_all(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return "owns partitions" in self.log.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


@contextmanager
def starting(
    brokers: str, folder: Path, command: tuple[str, ...] = ("tests.worker.counted",), **environment: str
) -> Iterator[Worker]:
    """Start a worker, the counting one if nothing else is said, and end it when the block ends."""
    log = folder / f"worker-{uuid4().hex[:6]}.log"
    environment = {"TOCSIN_BROKERS": brokers, "TOCSIN_SNAPSHOT_S": "1", "TOCSIN_METRICS_PORT": "0", **environment}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=os.environ | environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
        )
    running = Worker(process, log)
    try:
        yield running
    finally:
        try:
            if process.poll() is None:
                running.end()
        finally:
            running.kill()


@contextmanager
def worker(
    brokers: str, folder: Path, command: tuple[str, ...] = ("tests.worker.counted",), **environment: str
) -> Iterator[Worker]:
    """Run a worker that owns its partitions when the block begins."""
    with starting(brokers, folder, command, **environment) as running:
        until(running.owns_all, f"the worker's partitions; its log is {running.log}")
        yield running


def publish(brokers: str, records: Sequence[tuple[str, bytes | None, bytes | None]], **options: Any) -> None:
    """Send (topic, key, value) records with confluent-kafka."""
    refused: list[Any] = []
    producer = Producer({"bootstrap.servers": brokers, "message.max.bytes": 4 << 20, "linger.ms": 5, **options})
    for topic, key, value in records:
        while True:
            try:
                producer.produce(topic, value, key, on_delivery=lambda e, _: refused.append(e) if e else None)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(PATIENCE) == 0 and not refused, refused


def counted(brokers: str, partitions: int) -> dict[str, int]:
    """Read from the checkpoints how many objects of each site the core has seen, over all partitions."""
    sites: Counter[str] = Counter()
    for rows in asyncio.run(read_all(Settings(brokers=brokers), STATE, range(partitions))).values():
        for site, value in rows.items():
            if site != MARK:
                sites[site] += msgspec.msgpack.decode(unpack(value)[1], type=Counted).events
    return dict(sites)


def lag(brokers: str, partitions: int, topics: Iterable[str] = (*TELEMETRY, CLOCK)) -> int:
    """Ask how many records the group has not committed; a broker that is busy is asked again.

    While ticks are written some of the clock's always wait for the next snapshot.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return _lag(brokers, partitions, topics)
        except KafkaException:
            assert time.monotonic() < end
            time.sleep(0.5)


def _lag(brokers: str, partitions: int, topics: Iterable[str]) -> int:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "tocsin-worker", "log_level": 0})
    waiting = 0
    try:
        for topic in topics:
            asked = [TopicPartition(topic, partition) for partition in range(partitions)]
            for at in consumer.committed(asked, timeout=10):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, at.partition), timeout=10)
                waiting += high - (at.offset if at.offset >= 0 else low)
    finally:
        consumer.close()
    return waiting


@dataclass
class Tail:
    """Reads a topic from where it ends now."""

    brokers: str
    topic: str
    partitions: int
    records: list[Any] = field(default_factory=list)

    def __enter__(self) -> "Tail":
        self.consumer = Consumer(
            {
                "bootstrap.servers": self.brokers,
                "group.id": f"tail-{uuid4()}",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        ends = []
        for partition in range(self.partitions):
            end = watermarks(self.consumer, self.topic, partition, PATIENCE)[1]
            ends.append(TopicPartition(self.topic, partition, end))
        self.consumer.assign(ends)
        return self

    def __exit__(self, *error: object) -> None:
        self.consumer.close()

    def read(self) -> list[Any]:
        """Take in what came since."""
        while batch := self.consumer.consume(10_000, 0.2):
            assert all(record.error() is None for record in batch)
            self.records += batch
        return self.records
