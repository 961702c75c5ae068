"""Reads topics from their beginning, and then follows them: the incidents, or whatever else pages are made of."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from msgspec import DecodeError, Struct, ValidationError, json

from streams import metrics
from streams.incidents.model import Incident
from streams.settings import Settings, librdkafka_config

log = logging.getLogger(__name__)

TOPIC = "incidents"
GROUP = "tocsin-notifier"
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
    """Yield every revision from the beginning, `CaughtUp` once, and then whatever comes; raises like `follow`."""
    async with aclosing(follow(settings, [TOPIC])) as messages:
        async for message in messages:
            record = message if isinstance(message, CaughtUp) else read_incident(message)
            if record is not None:
                yield record


async def follow(settings: Settings, topics: Sequence[str], group: str = GROUP) -> AsyncGenerator[Any, None]:
    """Yield every record of the topics from the beginning, `CaughtUp` once, and then whatever comes.

    No consumer group and no commits: what matters is in the topics, so a start reads them whole and needs no memory of
    its own. Waits for a broker that is away; raises `TopicError` when a topic doesn't exist or can't be read.
    """
    consumer = Consumer(_config(settings, group))
    try:
        waiting = await _assign(consumer, topics, settings.brokers)
        while True:
            for message in await _to_its_end(consumer.consume, BATCH, POLL):
                error = message.error()
                place = message.topic(), message.partition()
                if error is None:
                    yield message
                elif error.name() != "_PARTITION_EOF":
                    _complain(place[0], error)
                elif place in waiting:
                    waiting.discard(place)
                    if not waiting:
                        yield CaughtUp()
    finally:
        await asyncio.to_thread(consumer.close)


async def _to_its_end(call: Callable[..., Any], *given: Any) -> Any:
    """Let a consumer work in a thread; who is cancelled waits for it: closed meanwhile, it would crash the process."""
    working = asyncio.ensure_future(asyncio.to_thread(call, *given))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        if failure := working.exception():
            log.info("Stopped while Kafka was asked, which failed: %s.", failure)
        raise


def _config(settings: Settings, group: str) -> dict[str, Any]:
    return librdkafka_config(
        settings,
        **{
            "group.id": group,  # asked for by the library; nothing joins or commits
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "topic.metadata.refresh.interval.ms": 60_000,
            "error_cb": lambda error: log.warning("Kafka at %s: %s. Waiting for it.", settings.brokers, error.str()),
        },
    )


async def _assign(consumer: Any, topics: Sequence[str], brokers: str) -> set[tuple[str, int]]:
    """Assign every partition from its beginning, and say which."""
    while True:
        try:
            found = (await _to_its_end(consumer.list_topics, None, 2)).topics
            break
        except KafkaException as error:
            log.warning("Kafka at %s does not answer (%s). Waiting for it.", brokers, error.args[0].str())
            await asyncio.sleep(1)
    missing = [name for name in topics if name not in found or found[name].error is not None]
    if missing:
        names = ", ".join(map(repr, missing))
        raise TopicError(f"The topic {names} does not exist on {brokers}. Create it with `tocsin topics`.")
    places = {(name, partition) for name in topics for partition in found[name].partitions}
    consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in sorted(places)])
    return places


def read_incident(message: Any) -> Incident | Deleted | None:
    """Read a record of the incidents' topic; None for what is none, which is counted and logged."""
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


def _complain(topic: str | None, error: Any) -> None:
    if error.fatal() or not error.retriable():
        raise TopicError(f"The topic {topic!r} can't be read any more: {error.str()}.")
    log.warning("Reading %r: %s. Trying again.", topic, error.str())
