"""What stands in the topics of the sites' tests, object by object."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.offsets import watermarks
from streams.telemetry.power import PowerReading


@dataclass
class Place:
    """A site and where it speaks."""

    brokers: str
    site: str

    @property
    def topic(self) -> str:
        return f"in.{self.site}"

    def reading(self, device: str = "meter", **other: Any) -> PowerReading:
        now = datetime.now(UTC).replace(microsecond=0) + timedelta(milliseconds=250)
        fields: dict[str, Any] = {"time": now, "feed": "grid-a", "voltage": 231.5, "frequency": 50.0} | other
        return PowerReading(site=self.site, device=device, **fields)

    def read(self, count: int, topic: str = "", seconds: float = 30) -> list[dict[str, Any]]:
        """Wait for so many of this site's objects and return all that are there."""
        return read(self.brokers, topic or self.topic, self.site, count, seconds)


def open_site(brokers: str, site: str) -> Place:
    admin = AdminClient({"bootstrap.servers": brokers})
    config = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(4 << 20)}
    admin.create_topics([NewTopic(f"in.{site}", 1, 1, config=config)])[f"in.{site}"].result(30)
    end = time.monotonic() + 30
    while f"in.{site}" not in admin.list_topics(timeout=10).topics:  # made is not yet known
        assert time.monotonic() < end, f"in.{site} does not show"
        time.sleep(0.05)
    return Place(brokers, site)


def records(brokers: str, topic: str, seconds: float = 30) -> Iterator[Any]:
    """Read a topic from its beginning for so long."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": str(uuid4()), "log_level": 0})
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign(
        [TopicPartition(topic, partition, watermarks(consumer, topic, partition, 10)[0]) for partition in partitions]
    )
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            for record in consumer.consume(1000, 0.2):
                assert record.error() is None, record.error()
                yield record
            yield None
    finally:
        consumer.close()


def read(brokers: str, topic: str, site: str, count: int, seconds: float = 30) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for record in records(brokers, topic, seconds):
        if record is None:
            if len(found) >= count:
                break
        elif record.key() == site.encode():
            value = msgspec.json.decode(record.value())
            found += value if isinstance(value, list) else [value]
    return found
