"""Three brokers, workers that a supervisor starts again, and lines between them that can be cut."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings
from streams.topics import ensure
from tests.faults.proxy import Proxy

log = logging.getLogger("faults")

ROOT = Path(__file__).parents[2]
PARTITIONS = 6
GROUP = "tocsin-worker"
AGAIN = 1.0
"""Seconds after which the supervisor starts again what has ended, as docker-compose does."""


def until(ready: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait for something, at most so long, and answer it."""
    end = time.monotonic() + seconds
    while not (answer := ready()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.1)
    return answer


class Worker:
    """One place for a worker: its process is started again whenever it ends, until it is told to leave."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.environment = dict(environment)
        self.process: subprocess.Popen[bytes] | None = None
        self.codes: list[int] = []
        self._lock = Lock()
        self.wanted = False

    def start(self) -> None:
        """Start it, and have it started again from now on."""
        with self._lock:
            self.wanted = True
            self._spawn()

    def _spawn(self) -> None:
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.work"],
                env=os.environ | self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )

    def supervise(self) -> None:
        """Start it again if it has ended."""
        with self._lock:
            if self.wanted and self.process is not None and (code := self.process.poll()) is not None:
                self.codes.append(code)
                log.info("%s ended with %d", self.name, code)
                time.sleep(AGAIN)
                self._spawn()

    def send(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        with self._lock:
            if self.process is not None and self.process.poll() is None:
                self.process.send_signal(number)

    def leave(self, seconds: float = 40.0) -> int:
        """Have it leave in good order and stay away; its exit code."""
        with self._lock:
            self.wanted = False
            assert self.process is not None
            self.process.send_signal(signal.SIGTERM)
            try:
                return self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return -9

    def end(self) -> None:
        """Kill it for good."""
        with self._lock:
            self.wanted = False
            if self.process is not None:
                self.process.kill()
                self.process.wait()


class Plant:
    """Brokers, proxies and workers; worker number n reaches broker number b by a line of its own."""

    def __init__(self, folder: Path, brokers: int = 3, workers: int = 3, **environment: str) -> None:
        self.folder = folder
        self.cluster = Cluster(brokers)
        self.clock = folder / "clock"
        ports = iter(free_ports(2 * brokers * workers))
        self.lines = {(n, b): (next(ports), next(ports)) for n in range(workers) for b in range(brokers)}
        for number, broker in enumerate(self.cluster.brokers):
            broker._configuration += self._listeners(number, workers)
        self.proxy = Proxy(dict(self.lines.values()))
        self.settings = Settings(
            brokers=self.cluster.bootstrap, partitions=PARTITIONS, replication=brokers, snapshot_s=2.0
        )
        self.workers = [Worker(f"worker-{n}", folder, self._environment(n) | environment) for n in range(workers)]
        self._stop = Event()
        self._supervisor = Thread(target=self._supervise, daemon=True)

    def _listeners(self, broker: int, workers: int) -> str:
        """Give a broker one more listener for each worker, advertised where that worker's line begins."""
        given = dict(line.split("=", 1) for line in self.cluster.brokers[broker]._configuration.splitlines())
        own = [(f"LINE{n}", *self.lines[n, broker]) for n in range(workers)]
        listeners = [given["listeners"], *(f"{name}://127.0.0.1:{target}" for name, _, target in own)]
        advertised = [given["advertised.listeners"], *(f"{name}://127.0.0.1:{port}" for name, port, _ in own)]
        protocols = [f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "CONTROLLER", *(name for name, _, _ in own))]
        return (
            f"listeners={','.join(listeners)}\nadvertised.listeners={','.join(advertised)}\n"
            f"listener.security.protocol.map={','.join(protocols)}\n"
        )

    def _environment(self, number: int) -> dict[str, str]:
        brokers = ",".join(f"127.0.0.1:{self.lines[number, b][0]}" for b in range(len(self.cluster.brokers)))
        return {
            "TOCSIN_BROKERS": brokers,
            "TOCSIN_SNAPSHOT_S": "2",
            "TOCSIN_TICK_S": "0.5",
            "TOCSIN_METRICS_PORT": "0",
            "FAULTS_CLOCK": str(self.clock),
        }

    def ports(self, worker: int) -> list[int]:
        """Name the ports of a worker's lines."""
        return [port for (n, _), (port, _) in self.lines.items() if n == worker]

    def start(self, workers: int) -> "Plant":
        """Start the brokers, make the topics, and start so many workers."""
        self.cluster.start()
        self.admin = AdminClient({"bootstrap.servers": self.cluster.bootstrap, "log_level": 0})
        ensure(self.settings)
        for worker in self.workers[:workers]:
            worker.start()
        self._supervisor.start()
        return self

    def _supervise(self) -> None:
        while not self._stop.wait(0.2):
            for worker in self.workers:
                worker.supervise()

    def stop(self) -> None:
        """End everything."""
        self._stop.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        for worker in self.workers:
            worker.end()
        self.proxy.close()
        self.cluster.kill()

    def __enter__(self) -> "Plant":
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def consumer(self) -> Consumer:
        """Make a consumer that joins no group; it may ask for the workers' commits."""
        return Consumer(
            {
                "bootstrap.servers": self.cluster.bootstrap,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )

    def ends(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Ask where partitions end."""
        asked = {TopicPartition(*place): OffsetSpec.latest() for place in places}
        answers = self.admin.list_offsets(asked, request_timeout=10)
        return {(at.topic, at.partition): answer.result().offset for at, answer in answers.items()}

    def leader(self, topic: str, partition: int) -> int:
        """Say which broker leads a partition, by its index."""
        return self.admin.list_topics(topic, timeout=10).topics[topic].partitions[partition].leader - 1

    def coordinator(self) -> int:
        """Say which broker coordinates the group, by its index: the leader of its part of the offsets' topic."""
        part = abs(_java_hash(GROUP)) % 8
        return self.leader("__consumer_offsets", part)

    def commits(self, consumer: Consumer, topics: tuple[str, ...]) -> dict[tuple[str, int], int]:
        """Ask what the group has committed."""
        asked = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        return {(at.topic, at.partition): max(at.offset, 0) for at in consumer.committed(asked, timeout=10)}


def _java_hash(text: str) -> int:
    value = 0
    for letter in text:
        value = (31 * value + ord(letter)) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value
