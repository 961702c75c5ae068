"""The load of the races: a simulated estate, or quick devices; single objects or batches."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from random import Random

import msgspec
from aiokafka.partitioner import murmur2
from confluent_kafka import Producer

from streams.local.simulator.world import World
from streams.telemetry.decode import TOPICS, decode
from streams.telemetry.recording import Line, clocked
from streams.telemetry.slices import elements

Record = tuple[str, str, float, bytes]
"""Topic, site, Unix seconds of arrival, value."""
SITES = 40
NAMES = [f"BENCH-{site:03}" for site in range(SITES)]
DEVICES = 25
ESTATE = 13
"""Simulated sites."""
RATE = 1000.0
"""Objects a second, by their times."""


def objects(events: int, seed: int = 7, sites: Sequence[str] = NAMES) -> Iterator[Record]:
    """Yield one object of each device in turn, as single objects."""
    random = Random(seed)
    start = time.time() - events / RATE - 60
    for number in range(events):
        site, device = sites[number % len(sites)], number // len(sites) % DEVICES
        now = start + number / RATE
        stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        topic, rest = one(device, random)
        body = {"site": site, "device": f"{topic}-{device}", "time": stamp, **rest}
        yield topic, site, now, msgspec.json.encode(body | {"sequence": number // len(sites) // DEVICES})


def even(partitions: int) -> list[str]:
    """Name sites of which every partition gets as many, as it nearly is with a whole fleet."""
    names: dict[int, list[str]] = {partition: [] for partition in range(partitions)}
    for number in count():
        site = f"BENCH-{number:03}"
        names[(murmur2(site.encode()) & 0x7FFFFFFF) % partitions].append(site)
        if min(map(len, names.values())) >= SITES // partitions:
            break
    return [site for some in names.values() for site in some[: SITES // partitions]]


def one(device: int, random: Random) -> tuple[str, dict[str, object]]:
    """Make the domain's part of an object."""
    match device % 5:
        case 0:
            measured = {"voltage": random.gauss(230, 1), "frequency": random.gauss(50, 0.01)}
            return "telemetry.power", {"type": "power.reading", "feed": "grid-a", "load": 9e3, **measured}
        case 1:
            signal = {"rssi": random.gauss(-70, 2), "noise_floor": random.gauss(-105, 1), "packet_loss": 0.0}
            return "telemetry.alarm", {"type": "alarm.heartbeat", "path": "radio", **signal}
        case 4:
            tag = f"urn:epc:id:sgtin:0614141.{random.randrange(1000):06}.{random.randrange(100)}"
            return "telemetry.rfid", {"type": "rfid.read", "epc": tag, "biz_step": "storing", "read_point": "zone-1"}
        case _:
            seen = {"fps": 25, "bitrate": random.gauss(4000, 50), "luminance": 0.5, "sharpness": 0.6}
            return "telemetry.camera", {"type": "camera.status", "connected": True, "scene_change": 0.01, **seen}


def estate(events: int) -> Iterator[Record]:
    """Yield what simulated sites send on some days, as single objects, mishaps and all."""
    start = datetime.now(UTC).date() - timedelta(days=6)
    world = World(3, ESTATE, 5, start, sparse=False)
    for clock, line in islice(_singles(clocked(world.lines())), events):
        yield line.topic, (line.key or b"").decode("utf-8", "replace"), clock, line.value or b""


def _singles(lines: Iterable[tuple[float, Line]]) -> Iterator[tuple[float, Line]]:
    for clock, line in lines:
        if line.topic in TOPICS:
            parts: Sequence[bytes | None] = elements(line.value or b"") or [line.value]
            for part in parts:
                yield clock, line._replace(value=part)


def batches(records: Iterable[Record], size: int) -> Iterator[Record]:
    """Put the objects of a site and a topic together, so many a record."""
    filling: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        batch = filling.setdefault(record[:2], [])
        batch.append(record)
        if len(batch) == size:
            yield _together(filling.pop(record[:2]))
    yield from map(_together, filling.values())


def _together(batch: list[Record]) -> Record:
    topic, site, at, _ = batch[-1]
    return topic, site, at, b"[" + b",".join(value for *_, value in batch) + b"]"


def valid(records: Iterable[Record]) -> int:
    """Count the objects that the platform takes."""
    return sum(
        len(decode(topic.removeprefix("telemetry."), site.encode(), value, now)[0])
        for topic, site, now, value in records
    )


def produce(brokers: str, records: Iterable[Record]) -> None:
    """Fill the topics."""
    producer = Producer(
        {"bootstrap.servers": brokers, "compression.type": "lz4", "linger.ms": 20, "partitioner": "murmur2"}
    )
    for topic, site, now, value in records:
        while True:
            try:
                producer.produce(topic, value, site, timestamp=int(now * 1000))
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(60):
        raise TimeoutError("Kafka did not take the load within 60 s")
