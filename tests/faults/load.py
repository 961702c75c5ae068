"""Seeded load: sites with all five domains and an attack, bulk sites for the mass, and poison; sent without a pause."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from threading import Event, Thread
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Producer

from tests.faults.ledger import BULK
from tests.faults.objects import ATTACK, CLOSED, POISON, READING, TOPICS

STEP = 0.1
"""Seconds between two rounds."""
DARK = 17.0
"""Second of the load in which the sites' power fails: after the pages, which it would explain, being everywhere."""
PLAYED = 20.0
"""Seconds after which the attack is over and judged."""
DEVICES = 20
METERS, TURNS = 50, 10
BATCH = METERS * TURNS
"""Objects of a bulk record: so many readings of each of its site's meters."""
BULKY = (
    b'{"type":"power.reading","site":"%s","device":"meter-%d","time":"%s","sequence":%d,'
    b'"feed":"grid-a","voltage":230.%d,"frequency":50.0}'
)


class Damage(NamedTuple):
    """A snapshot that was damaged while nobody worked."""

    row: bytes
    """as it is now"""
    partition: int
    cut: int
    """of the site's topic, from which on its objects are read again"""


class Load:
    """Sends from a thread of its own until it is told to stop.

    Parameters
    ----------
    run
        A word that is in the name of each of its sites.
    rate
        Objects a second of all bulk sites together.
    """

    def __init__(self, brokers: str, run: str, seed: int, sites: int = 4, bulk: int = 12, rate: float = 10_000) -> None:
        self.random = Random(seed)
        self.rate = rate
        self.sites = [f"ATTACK-{run}-{n}" for n in range(sites)]
        self.bulk = [f"{BULK}-{run}-{n}" for n in range(bulk)]
        self.acknowledged = 0
        self.unacknowledged = 0
        self.made: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        """By bulk site: when (Unix seconds) it had said how many objects, whether Kafka could take them or not."""
        self.damaged: dict[str, Damage] = {}
        """By site: what was done to its snapshot."""
        self.poison: Counter[bytes] = Counter()
        self.began = time.time()
        self.shift = 0.0
        """Seconds by which the sites' clocks are wrong."""
        self._sequences: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.toxic = 1
        """Pieces of poison a round."""
        self._turn = 0
        self._late: list[tuple[float, str, str, bytes]] = []
        self._stop, self._played = Event(), Event()
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "partitioner": "murmur2",
                "message.timeout.ms": 300_000,
                "queue.buffering.max.messages": 1_000_000,
                "queue.buffering.max.kbytes": 1_000_000,
                "log_level": 0,
            }
        )
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Load":
        for site in self.sites:
            self._producer.produce("control.sites", CLOSED % site.encode(), site)
        assert self._producer.flush(60) == 0, "Kafka did not take the profiles"
        self.began = time.time()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more once the attack has played, and wait until everything is acknowledged."""
        self._played.wait(60)
        self._stop.set()
        self._thread.join()
        assert self._producer.flush(120) == 0, "Kafka did not take the load"

    def _run(self) -> None:
        due = time.monotonic()
        number = 0
        while not self._stop.is_set():
            now = time.time()
            for topic, key, value, objects in self._round(number, now):
                self._send(topic, key, value, objects)
            self._producer.poll(0)
            number += 1
            if number * STEP > PLAYED:
                self._played.set()
            due += STEP
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic() - 1.0)

    def _send(self, topic: str, key: str, value: bytes, objects: int) -> None:
        def told(error: Any, message: Any) -> None:
            if error is None:
                self.acknowledged += objects
            else:
                self.unacknowledged += objects

        if objects == BATCH:
            made = self.made[key]
            made.append((time.time(), (made[-1][1] if made else 0) + objects))
        self._producer.produce(topic, value, key, on_delivery=told)

    def _round(self, number: int, now: float) -> Iterator[tuple[str, str, bytes, int]]:
        yield from self._bulk(number, now)
        for site in self.sites:
            for device in range(DEVICES):
                if (number + device) % 10 == 0:
                    yield from self._one(site, *self._reading(device, now), now)
            for second, domain, body in ATTACK:
                if number == round(second / STEP):
                    yield from self._one(site, domain, dict(body), now)
        for _ in range(self.toxic):
            yield from self._poison()
        while self._late and self._late[0][0] <= now:
            _, topic, key, value = self._late.pop(0)
            yield topic, key, value, 1

    def _bulk(self, number: int, now: float) -> Iterator[tuple[str, str, bytes, int]]:
        """Send the bulk sites' batches, as many as are due."""
        due = int((number + 1) * self.rate * STEP / BATCH) - int(number * self.rate * STEP / BATCH)
        for _ in range(due):
            self._turn += 1
            site = self.bulk[self._turn % len(self.bulk)]
            first, name = self._sequences[site, ""], site.encode()
            self._sequences[site, ""] += TURNS
            bodies = [
                BULKY % (name, device, stamp, first + turn, device)
                for turn, stamp in enumerate(_stamp(now + turn / 1000) for turn in range(TURNS))
                for device in range(METERS)
            ]
            yield "telemetry.power", site, b"[" + b",".join(bodies) + b"]", BATCH

    def _one(self, site: str, domain: str, body: dict[str, Any], now: float) -> Iterator[tuple[str, str, bytes, int]]:
        """Send one object: mostly at once, sometimes twice, sometimes minutes old, sometimes late."""
        dice = self.random.random()
        at = now - (self.random.uniform(60, 86_000) if dice < 0.005 else self.random.uniform(0, 1.5))
        value = self._object(site, body.pop("device"), at + self.shift, body)
        topic = f"telemetry.{domain}"
        if dice > 0.99:
            self._late.append((now + self.random.uniform(0.5, 5), topic, site, value))
            self._late.sort()
        else:
            yield topic, site, value, 1
        if dice > 0.995:
            yield topic, site, value, 1

    def _object(self, site: str, device: str, at: float, body: dict[str, Any]) -> bytes:
        sequence = self._sequences[site, device]
        self._sequences[site, device] += 1
        given = {"site": site, "device": device, "time": _stamp(at).decode(), "sequence": sequence, **body}
        return _encode(given)

    def _reading(self, device: int, now: float) -> tuple[str, dict[str, Any]]:
        passed = now - self.began
        if device < 5:
            voltage = 0.0 if passed > DARK else self.random.gauss(230, 1)
            return "power", {"device": f"meter-{device}", **READING, "voltage": max(voltage, 0.0)}
        if device < 10:
            return "alarm", {"device": f"zone-{device}", "type": "alarm.heartbeat", "path": "radio", "rssi": -70.0}
        seen = not (passed > 8 and device < 14)
        return "camera", {
            "device": f"camera-{device}",
            "type": "camera.status",
            "connected": seen,
            "fps": 25.0 if seen else 0.0,
            "bitrate": self.random.gauss(4000, 50) if seen else 0.0,
            "luminance": 0.5,
            "sharpness": 0.6,
            "scene_change": 0.01,
        }

    def _poison(self) -> Iterator[tuple[str, str, bytes, int]]:
        site = self.random.choice(self.sites)
        self._sequences["poison", site] += 1
        number = self._sequences["poison", site]
        value = self.random.choice(POISON) % (b"%s-%d" % (site.encode(), number))
        self.poison[value] += 1
        yield self.random.choice(TOPICS), site, value, 1


def _stamp(at: float) -> bytes:
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").encode()


_encode = msgspec.json.Encoder().encode
