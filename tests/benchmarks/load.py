"""The load of the race: single objects of every domain, as sites send them, an hour's worth of arrival times."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import msgspec
from confluent_kafka import Producer

LOADED = ("telemetry.power", "telemetry.alarm", "telemetry.camera", "telemetry.rfid")
SITES = 40
DEVICES = 25
RATE = 1000.0
"""Objects a second, by their times."""


def objects(events: int, seed: int = 7) -> Iterator[tuple[str, str, float, bytes]]:
    """Yield (topic, site, unix seconds, value)."""
    random = Random(seed)
    start = time.time() - events / RATE - 60
    for number in range(events):
        site, device = number % SITES, number // SITES % DEVICES
        now = start + number / RATE
        stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
        topic, rest = one(device, random)
        body = {"site": f"BENCH-{site:03}", "device": f"{topic}-{device}", "time": stamp, **rest}
        yield topic, f"BENCH-{site:03}", now, msgspec.json.encode(body | {"sequence": number // SITES // DEVICES})


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


def produce(brokers: str, events: int) -> None:
    """Fill the topics."""
    producer = Producer({"bootstrap.servers": brokers, "compression.type": "lz4", "linger.ms": 20})
    for topic, site, now, value in objects(events):
        while True:
            try:
                producer.produce(topic, value, site, timestamp=int(now * 1000))
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(60):
        raise TimeoutError("Kafka did not take the load within 60 s")
