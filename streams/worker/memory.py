"""What the workers have learnt, as their snapshots tell it, and how they are asked to learn it anew."""

import asyncio
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import KafkaError, Producer

from streams.settings import Settings, librdkafka_config
from streams.topics import look, usual_count
from streams.worker.checkpoints import STATE, Row, recover, unpack
from streams.worker.clock import CLOCK, Tick, encode
from streams.worker.kafka import read_all

WAIT = 30.0
"""Seconds that Kafka may take to answer."""


class MemoryMissingError(Exception):
    """There is no such state, or Kafka can't be asked for it; the message says what to do."""


class Kept(NamedTuple):
    """The snapshot of one site."""

    site: str
    partition: int
    row: Row
    size: int
    """bytes in Kafka"""
    blob: bytes
    """as the core has frozen it"""

    @property
    def state(self) -> dict[str, Any]:
        """The same as plain data."""
        plain: dict[str, Any] = msgspec.msgpack.decode(self.blob)
        return plain

    def devices(self) -> dict[str, list[str]]:
        """List the devices heard of, with the detectors that know something of each."""
        found: dict[str, list[str]] = {name: [] for name in sorted(self.state["plain"]["trackers"]["d"])}
        for detector, owner, _ in self.state["detectors"]:
            if owner:
                found.setdefault(owner, []).append(detector)
        return found


def read(settings: Settings, site: str = "") -> Iterator[Kept]:
    """Read the snapshots of all sites or one, partition by partition; raises `TopicsError` when Kafka is away.

    What can't be read is left out: a worker sets it aside and says so.
    """
    partitions = usual_count(look(settings))
    for partition, records in asyncio.run(read_all(settings, STATE, range(partitions))).items():
        recovered = recover(records)
        for name, blob in sorted(recovered.sites.items()):
            if not site or name == site:
                row = unpack(records[name], name, records)[0]
                size = sum(len(records[key]) for key in (name, *recovered.parts.get(name, [])))
                yield Kept(name, partition, row, size, blob)


def reset(settings: Settings, site: str, device: str) -> None:
    """Ask the worker that owns a site to forget it, or one device of it.

    The request is a tick in the partition's log: it comes into force between two slices, and again at that very place
    when the log is read again. Raises `MemoryMissingError` when nothing is known of them.
    """
    kept = next(read(settings, site), None)
    if kept is None:
        raise MemoryMissingError(f"Nothing is stored of {site}: `tocsin state show` lists the sites")
    if device and device not in kept.devices():
        raise MemoryMissingError(
            f"Nothing is stored of {device} at {site}: `tocsin state show {site}` lists its devices"
        )
    refused: list[KafkaError] = []

    def told(error: KafkaError | None, message: object) -> None:
        if error is not None:
            refused.append(error)

    producer = Producer(librdkafka_config(settings, acks="all", log_level=0))
    tick = encode([Tick(0.0, {}, forget=((site, device),))])
    producer.produce(CLOCK, tick, partition=kept.partition, on_delivery=told)
    if producer.flush(WAIT) or refused:
        raise MemoryMissingError(f"Kafka at {settings.brokers} did not take it: is it up, and may you write {CLOCK}?")
