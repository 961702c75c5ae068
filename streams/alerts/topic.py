"""Reads the compacted topic of incidents from its beginning, and then follows it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from msgspec import DecodeError, Struct, ValidationError, json

from streams import metrics
from streams.incidents.model import Incident
from streams.settings import Settings, librdkafka_config

log = logging.getLogger(__name__)

TOPIC = "incidents"
BATCH = 500
POLL = 0.2
"""Seconds that one poll waits for records."""
_decode = json.Decoder(Incident).decode


class CaughtUp(Struct, frozen=True):
    """Everything that stood in the topic when reading began has been read."""


class Deleted(Struct, frozen=True):
    """An incident was deleted from the topic."""

    id: str


class TopicError(Exception):
    """The topic can't be read; the message says what to do."""


async def incidents(settings: Settings) -> AsyncIterator[Incident | Deleted | CaughtUp]:
    """Yield every revision from the beginning, `CaughtUp` once, and then whatever comes.

    No consumer group and no commits: the topic holds each incident's latest state, so a start reads it whole and needs
    no memory of its own. Waits for a broker that is away; raises `TopicError` when the topic doesn't exist.
    """
    consumer = Consumer(_config(settings))
    try:
        waiting = await _assign(consumer, settings.brokers)
        while True:
            # shield: a poll goes on in its thread when the task is cancelled, and close() must come after it
            poll = asyncio.ensure_future(asyncio.to_thread(consumer.consume, BATCH, POLL))
            try:
                messages = await asyncio.shield(poll)
            except asyncio.CancelledError:
                await poll
                raise
            for message in messages:
                error = message.error()
                if error is None:
                    record = _read(message)
                    if record is not None:
                        yield record
                elif error.name() != "_PARTITION_EOF":
                    _complain(error)
                elif message.partition() in waiting:
                    waiting.discard(message.partition())
                    if not waiting:
                        yield CaughtUp()
    finally:
        await asyncio.to_thread(consumer.close)


def _config(settings: Settings) -> dict[str, Any]:
    return librdkafka_config(
        settings,
        **{
            "group.id": "tocsin-notifier",  # asked for by the library; nothing joins or commits
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "topic.metadata.refresh.interval.ms": 60_000,
            "error_cb": lambda error: log.warning("Kafka at %s: %s. Waiting for it.", settings.brokers, error.str()),
        },
    )


async def _assign(consumer: Any, brokers: str) -> set[int]:
    """Assign every partition from its beginning, and say which."""
    while True:
        try:
            found = await asyncio.to_thread(consumer.list_topics, TOPIC, 2)
            break
        except KafkaException as error:
            log.warning("Kafka at %s does not answer (%s). Waiting for it.", brokers, error.args[0].str())
            await asyncio.sleep(1)
    topic = found.topics[TOPIC]
    if topic.error is not None or not topic.partitions:
        raise TopicError(f"The topic {TOPIC!r} does not exist on {brokers}. Create it with `tocsin topics`.")
    consumer.assign([TopicPartition(TOPIC, partition, OFFSET_BEGINNING) for partition in topic.partitions])
    return set(topic.partitions)


def _read(message: Any) -> Incident | Deleted | None:
    value = message.value()
    if not value:
        return Deleted((message.key() or b"").decode(errors="replace"))
    try:
        return _decode(value)
    except (DecodeError, ValidationError) as error:
        metrics.INCIDENTS_READ.labels("unreadable").inc()
        place = f"partition {message.partition()} offset {message.offset()}"
        log.error("Left out what is no incident in %r, %s: %s. Something else writes there.", TOPIC, place, error)
        return None


def _complain(error: Any) -> None:
    if error.fatal() or not error.retriable():
        raise TopicError(f"The topic {TOPIC!r} can't be read any more: {error.str()}.")
    log.warning("Reading %r: %s. Trying again.", TOPIC, error.str())
