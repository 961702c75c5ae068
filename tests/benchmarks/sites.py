"""Race the publisher and the gate against bare confluent-kafka: `python -m tests.benchmarks.sites`."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from rich.console import Console
from rich.table import Table

from streams import metrics
from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.sites import Publisher
from streams.sites.gate.gate import GATHER_S, GROUP, PATTERN, WAVE, Gate
from streams.sites.wire import read_one
from streams.telemetry.envelope import Telemetry
from streams.topics import ensure
from tests.benchmarks.load import NAMES, objects

SAFE = {"enable.idempotence": True, "acks": "all", "partitioner": "murmur2", "compression.type": "lz4", "linger.ms": 5}
SITE = "BENCH-000"
AT_ONCE = 1000
NEEDS = {"publisher": 50_000, "spooled": 50_000, "gate": 60_000}
"""Objects a second of one process."""
AGAINST = {"publisher": "bare producer", "spooled": "bare producer", "gate": "bare forwarder"}

Contender = Callable[[str, int], "Used"]


class Used(NamedTuple):
    """What a race took: seconds, and seconds of the CPU."""

    seconds: float
    cpu: float


class Watch:
    """A stopwatch for both."""

    def __init__(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def stop(self) -> Used:
        return Used(time.perf_counter() - self.began[0], time.process_time() - self.began[1])


def events(count: int) -> list[Telemetry]:
    """Make one site's objects, unnumbered."""
    decoded = (read_one.decode(value) for _, _, _, value in objects(count))
    return [msgspec.structs.replace(event, site=SITE, sequence=None) for event in decoded]


def bare_producer(brokers: str, count: int) -> Used:
    """Send each object as a record: nothing validated, numbered, batched or kept."""
    producer = Producer({"bootstrap.servers": brokers, **SAFE})
    sent = events(count)
    encode = msgspec.json.encode
    watch = Watch()
    for event in sent:
        while True:
            try:
                producer.produce(f"in.{SITE}", encode(event), SITE)
                break
            except BufferError:
                producer.poll(0.05)
        producer.poll(0)
    assert producer.flush(60) == 0
    return watch.stop()


def publisher(brokers: str, count: int, spool: Path | None = None) -> Used:
    """Publish the same objects by the thousand."""
    sent = iter(events(count))
    with Publisher(SITE, brokers=brokers, spool=spool, topic=f"in.{SITE}", full="wait", heartbeat_s=0) as publishing:
        watch = Watch()
        while some := list(islice(sent, AT_ONCE)):
            publishing.publish_all(some)
        assert publishing.flush(60) == 0
        return watch.stop()


def spooled(brokers: str, count: int) -> Used:
    """Publish through a spool on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        return publisher(brokers, count, Path(folder))


def bare_forwarder(brokers: str, count: int) -> Used:
    """Pass each record on as it is: nothing read, judged or remembered."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": GROUP,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "queued.max.messages.kbytes": 65_536,
        }
    )
    producer = Producer({"bootstrap.servers": brokers, **SAFE})
    consumer.subscribe([PATTERN])
    seen, watch = 0, Watch()
    while seen < count:
        if not seen:
            watch = Watch()
        records = consumer.consume(WAVE, GATHER_S)
        for record in records:
            stamp = record.timestamp()[1]
            producer.produce("telemetry.power", record.value(), record.key(), timestamp=stamp)
        producer.flush()
        if records:
            consumer.commit()
        seen += len(records)
    used = watch.stop()
    consumer.close()
    return used


def gate(brokers: str, count: int) -> Used:
    """Let the same records in."""
    watch = Watch()

    def going() -> bool:
        nonlocal watch
        seen = sum(s.value for m in metrics.GATED.collect() for s in m.samples if s.name.endswith("_total"))
        if not seen:
            watch = Watch()
        return seen < count

    Gate(Settings(brokers=brokers)).run(going)
    return watch.stop()


CONTENDERS: dict[str, Contender] = {
    "bare producer": bare_producer,
    "publisher": publisher,
    "spooled": spooled,
    "bare forwarder": bare_forwarder,
    "gate": gate,
}


def fill(brokers: str, count: int) -> None:
    """Make every site's topic, and fill it with single objects."""
    admin = AdminClient({"bootstrap.servers": brokers})
    config = {"message.timestamp.type": "LogAppendTime"}
    names = [f"in.{name}" for name in NAMES]
    for made in admin.create_topics([NewTopic(name, 1, 1, config=config) for name in names]).values():
        made.result(30)
    producer = Producer({"bootstrap.servers": brokers, "compression.type": "lz4", "linger.ms": 20})
    for _, site, _, value in objects(count):
        while True:
            try:
                producer.produce(f"in.{site}", value, site)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(60) == 0


def forget(brokers: str) -> None:
    """Let the next contender read from the beginning."""
    admin = AdminClient({"bootstrap.servers": brokers})
    while GROUP in {one.group_id for one in admin.list_consumer_groups().result(30).valid}:
        try:
            admin.delete_consumer_groups([GROUP])[GROUP].result(30)
        except KafkaException:  # its last member is still leaving
            time.sleep(0.2)


def race(name: str, brokers: str, count: int) -> dict[str, float]:
    """Run one contender in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.sites", "--contender", name, "--brokers", brokers]
    done = subprocess.run([*command, "--objects", str(count)], check=True, stdout=subprocess.PIPE, timeout=300)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def alone(name: str, brokers: str, count: int) -> None:
    """Be the contender, and tell how long it took and how much of the CPU."""
    sys.stdout.write(json.dumps(CONTENDERS[name](brokers, count)._asdict()) + "\n")


def main() -> int:
    """Answer 0 if both are fast enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sites", description=__doc__)
    parser.add_argument("--brokers", help="an empty Kafka; one of its own otherwise")
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.contender:
        alone(given.contender, given.brokers, given.objects)
        return 0
    with ExitStack() as stack:
        brokers = given.brokers or stack.enter_context(Cluster()).bootstrap
        return 0 if compare(brokers, given.objects, given.rounds) else 1


def compare(brokers: str, count: int, times: int) -> bool:
    """Run all contenders in alternating rounds, and print the table."""
    ensure(Settings(brokers=brokers))
    fill(brokers, count)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(times):
        for name in ("bare forwarder", "gate"):
            forget(brokers)
            results[name].append(race(name, brokers, count))
    for _ in range(times):
        for name in ("bare producer", "publisher", "spooled"):
            results[name].append(race(name, brokers, count))
    table = Table("contender", "objects/s", "CPU µs/object", "of bare", "needed")
    rates = {name: median(count / one["seconds"] for one in runs) for name, runs in results.items()}
    for name, rate in rates.items():
        used = median(1e6 * one["cpu"] / count for one in results[name])
        ratio = f"{rate / rates[AGAINST[name]]:.2f}" if name in AGAINST else ""
        table.add_row(name, f"{rate:,.0f}", f"{used:.1f}", ratio, f"≥ {NEEDS[name]:,}" if name in NEEDS else "")
    Console().print(table)
    return all(rates[name] >= need for name, need in NEEDS.items())


if __name__ == "__main__":
    sys.exit(main())
