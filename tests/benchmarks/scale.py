"""How the platform grows: `python -m tests.benchmarks.scale [growth] [start] [latency] [workers] [memory] [processes]`.

`growth`: CPU time an object in the core with 13, 130 and 1,300 sites of the same rate, as the plan of capacity has them
(`--devices`, `--interval`; the last take some 6 GB). `start`: from the command to the first object decided. `latency`:
from publishing to the incident on its topic, less the time that an object waits for earlier ones. `workers`: how much
faster two work off a backlog than one. `memory`: what a worker takes that knows many sites of 500 devices, and how soon
another one has read that back. `processes`: how much sooner a backtest on all cores is through than in one process.
"""

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import httpx
import msgspec
from confluent_kafka import Producer
from rich.console import Console

from streams.incidents.model import moment
from streams.incidents.registry import Registry
from streams.incidents.reorder import HOLD_S
from streams.incidents.shard import Shard
from streams.local.kafka import Cluster, free_ports
from streams.process import collect_seldom
from streams.settings import Settings
from streams.telemetry.decode import Arrival, decode
from streams.topics import ensure
from streams.worker.clock import TELEMETRY
from tests.benchmarks.bounds import resident
from tests.benchmarks.load import even, objects, one, produce
from tests.benchmarks.snapshots import DEVICES, PARTITIONS, TOCSIN, decided, publish, scraped, used
from tests.benchmarks.team import processes
from tests.worker.road import Tail, Worker, lag, until, worker

GROWTH = (13, 130, 1300)
ENOUGH = 400
"""Sites to be measured each round: fewer at once are measured several times."""
WARM, MEASURED = 2, 1.5
"""How often each device speaks before it is measured, and while it is."""
PROBE: dict[str, dict[str, object]] = {
    "telemetry.camera": {"type": "recorder.status", "disks": 1, "disks_expected": 4, "recording": True},
    "telemetry.alarm": {"type": "alarm.signal", "code": "BV"},
    "telemetry.power": {"type": "power.status", "status": ["OB", "LB"]},
}
LOADED = 40
"""Sites of the load."""
PROBES = 36
"""How many sites tell of a burglary, a robbed recorder and a dying UPS while latency is measured, four a second: within
ten seconds none hears of another, and each is taken for itself and not for a neighbourhood without power."""


def growth(given: argparse.Namespace) -> str:
    """Drive the core with a second's slice of all sites at a time."""
    each: dict[int, list[float]] = {sites: [] for sites in GROWTH}
    collect_seldom()
    for _ in range(given.rounds):
        for sites in GROWTH:
            times = max(ENOUGH // sites, 1)
            each[sites].append(sum(_drive(sites, given.devices, given.interval) for _ in range(times)) / times)
    found = {sites: 1e6 * median(used) for sites, used in each.items()}
    first = found[GROWTH[0]]
    told = ", ".join(f"{sites:,} sites {used:.1f} µs ({used / first:.2f} ×)" for sites, used in found.items())
    return f"{told}; {given.devices} devices each, an object of each in {given.interval:g} s"


def _drive(sites: int, devices: int, interval: float) -> float:
    """CPU seconds that an object takes among so many sites after their first seconds."""
    dice, shard, used, start, count = Random(1), Shard(Registry()), 0.0, 1.8e9, 0
    rate, warm = devices / interval, round(WARM * interval)
    for second in range(warm + round(MEASURED * interval)):
        numbers = range(round(second * rate), round((second + 1) * rate))
        slice_ = [
            _arrival(f"SITE-{site:04}", start + number / rate, number, devices, dice)
            for number in numbers
            for site in range(sites)
        ]
        before = time.process_time()
        shard.advance(start + second + 1.0, slice_, [])
        if second >= warm:
            used += time.process_time() - before
            count += len(slice_)
    return used / count


def _arrival(site: str, now: float, number: int, devices: int, dice: Random) -> Arrival:
    topic, value = _object(site, number % devices, now, number // devices, dice)
    return decode(topic.removeprefix("telemetry."), site.encode(), value, now)[0][0]


def _object(site: str, device: int, now: float, number: int, dice: Random) -> tuple[str, bytes]:
    topic, rest = one(device, dice)
    body = {"site": site, "device": f"{topic}-{device}", "time": _text(now), "sequence": number, **rest}
    return topic, msgspec.json.encode(body)


def _text(now: float) -> str:
    return moment(now).isoformat(timespec="milliseconds")


def start(given: argparse.Namespace) -> str:
    """Start a worker over a few objects that wait for it, and ask its metrics; the broker is up."""
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        taken = []
        for number in range(given.rounds):
            produce(cluster.bootstrap, objects(100))
            taken.append(_start(cluster.bootstrap, f"start-{number}"))
    seconds, cpu = (median(one) for one in zip(*taken, strict=True))
    return f"{seconds:.1f} s from the command to the first object decided, {cpu:.1f} s of CPU"


def _start(brokers: str, group: str) -> tuple[float, float]:
    (port,) = free_ports(1)
    environment = {"TOCSIN_BROKERS": brokers, "TOCSIN_GROUP": group, "TOCSIN_METRICS_PORT": str(port)}
    began = time.monotonic()
    command = [sys.executable, "-m", *TOCSIN]
    with subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL) as process:
        until(lambda: _answers(port), "the first object")
        seconds, cpu = time.monotonic() - began, used(Worker(process, Path()))
        process.terminate()
    return seconds, cpu


def sliced(port: int) -> float:
    """Slices that a worker has decided."""
    return next(float(line.split()[1]) for line in scraped(port) if line.startswith("tocsin_slice_seconds_count"))


def _answers(port: int) -> bool:
    try:
        return decided(port) > 0 and sliced(port) > 0
    except httpx.TransportError:
        return False


def latency(given: argparse.Namespace) -> str:
    """Let new sites tell of a burglary under load, and wait for their incidents."""
    sent: dict[str, float] = {}
    found: dict[str, float] = {}
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster())
        folder = stack.enter_context(TemporaryDirectory())
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        (port,) = free_ports(1)
        stack.enter_context(worker(cluster.bootstrap, Path(folder), TOCSIN, TOCSIN_METRICS_PORT=str(port)))
        tail = stack.enter_context(Tail(cluster.bootstrap, "incidents", PARTITIONS))
        load = multiprocessing.get_context("spawn").Process(target=_load, args=(cluster.bootstrap, given.rate))
        load.start()  # a process of its own, which does not keep this one from looking at its watch
        stack.callback(load.join)
        stack.callback(load.terminate)
        producer = Producer({"bootstrap.servers": cluster.bootstrap, "partitioner": "murmur2", "linger.ms": 0})
        until(lambda: decided(port) > 1.2 * LOADED * DEVICES, "the first objects of all devices, which cost more", 300)
        end = time.monotonic() + 300
        while not _probe(producer, tail, sent, found):
            assert time.monotonic() < end, f"{len(sent)} probes, {len(found)} incidents"
    beyond = sorted(1000 * (found[site] - at - HOLD_S) for site, at in sent.items())
    cuts = quantiles(beyond, n=100)
    return f"p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms at {given.rate:,} objects/s"


def _probe(producer: Producer, tail: Tail, sent: dict[str, float], found: dict[str, float]) -> bool:
    if len(sent) < PROBES:
        site, now = f"PROBE-{len(sent):03}", time.time()
        for topic, rest in PROBE.items():
            body = {"site": site, "device": f"{topic}-1", "time": _text(now), **rest}
            producer.produce(topic, msgspec.json.encode(body), site)
        producer.flush(5)
        sent[site] = now
    until_next = time.monotonic() + 0.25
    while time.monotonic() < until_next:
        for record in tail.consumer.consume(100, 0.01):
            site = msgspec.json.decode(record.value() or b"")["site"]
            found.setdefault(site, time.time())
    return len(sent) == PROBES and sent.keys() <= found.keys()


def _load(brokers: str, rate: int) -> None:
    producer = Producer(
        {"bootstrap.servers": brokers, "compression.type": "lz4", "partitioner": "murmur2", "linger.ms": 5}
    )
    dice, number, began = Random(1), 0, time.monotonic()
    while True:
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        for _ in range(max(rate // 50, 1)):
            site = f"LOAD-{number % LOADED:03}"
            topic, value = _object(site, number // LOADED % DEVICES, time.time(), number // LOADED // DEVICES, dice)
            while True:
                try:
                    producer.produce(topic, value, site)
                    break
                except BufferError:
                    producer.poll(0.1)
            number += 1
        producer.poll(0)


def workers(given: argparse.Namespace) -> str:
    """Work off the same backlog with one worker and with two, in turns."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(given.rounds):
        for number in times:
            times[number].append(_drain(number, given.events))
    one_, two = median(times[1]), median(times[2])
    return f"one worker {one_:.1f} s, two {two:.1f} s: {one_ / two:.2f} × on {os.cpu_count()} cores"


def _drain(number: int, events: int) -> float:
    with ExitStack() as stack:
        cluster, folder = stack.enter_context(Cluster()), Path(stack.enter_context(TemporaryDirectory()))
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        ports = free_ports(number)
        running = [
            stack.enter_context(worker(cluster.bootstrap, folder, TOCSIN, TOCSIN_METRICS_PORT=str(port)))
            for port in ports
        ]
        produce(cluster.bootstrap, objects(100))  # everyone is at work before the race begins
        until(lambda: lag(cluster.bootstrap, PARTITIONS, TELEMETRY) == 0, "a quiet start", 120)
        before = sum(map(decided, ports))
        backlog = list(objects(events, sites=even(PARTITIONS)))
        for each in running:
            each.process.send_signal(signal.SIGSTOP)  # they share the cores with who makes the backlog otherwise
        produce(cluster.bootstrap, backlog)
        began = time.monotonic()
        for each in running:
            each.process.send_signal(signal.SIGCONT)
        until(lambda: sum(map(decided, ports)) >= before + events, "the end of the backlog", 600)
        return time.monotonic() - began


def memory(given: argparse.Namespace) -> str:
    """Fill a worker, weigh it, and start another one."""
    with Cluster() as cluster, TemporaryDirectory() as folder:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        publish(cluster.bootstrap, given.sites, given.seconds, live=False)
        with worker(cluster.bootstrap, Path(folder), TOCSIN, TOCSIN_SNAPSHOT_S="10") as running:
            until(lambda: lag(cluster.bootstrap, PARTITIONS, TELEMETRY) == 0, "lag 0", 900)
            size = resident(running)
        began = time.monotonic()
        with worker(cluster.bootstrap, Path(folder), TOCSIN) as again:
            seconds = time.monotonic() - began
            read = resident(again)
    return (
        f"{size:,.0f} MiB for {given.sites} sites of {DEVICES} devices; "
        f"read back in {seconds:.1f} s ({read:,.0f} MiB), start included"
    )


MEASURES: dict[str, Callable[[argparse.Namespace], str]] = {
    "growth": growth,
    "start": start,
    "latency": latency,
    "workers": workers,
    "memory": memory,
    "processes": processes,
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale", description=__doc__)
    parser.add_argument("what", nargs="*", default=list(MEASURES), help=", ".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--devices", type=int, default=DEVICES, help="of each of the sites that grow in number")
    parser.add_argument("--interval", type=float, default=10.0, help="seconds between two objects of each of them")
    parser.add_argument("--events", type=int, default=400_000, help="of the backlog that workers share")
    parser.add_argument("--rate", type=int, default=5000, help="objects a second while latency is measured")
    parser.add_argument("--sites", type=int, default=130, help="whose state is weighed")
    parser.add_argument("--seconds", type=int, default=20, help="objects of each of their devices")
    given = parser.parse_args()
    out = Console()
    for what in given.what:
        out.print(f"{what}: {MEASURES[what](given)}", highlight=False)


if __name__ == "__main__":
    main()
