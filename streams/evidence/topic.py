"""The topic `evidence`: its links are published once, by one ledger at a time, and read from wherever one was."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.evidence.link import LinkError, read
from streams.offsets import watermarks
from streams.settings import Settings, librdkafka_config
from streams.telemetry.evidence import TOPIC, Link

log = logging.getLogger("tocsin.ledger")

TRANSACTIONAL_ID = "tocsin-ledger"
FENCED = ("_FENCED", "INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED")
WAIT_S = 30.0
"""Seconds that Kafka may take to answer."""


class TopicError(Exception):
    """The topic can't be read or written; the message says what to do."""


class Publisher:
    """Writes links in transactions: whoever begins after us shuts us out, and half a transaction is none."""

    def __init__(self, settings: Settings) -> None:
        self.ends: dict[int, int] = {}
        """The offset after the last published link, by partition."""
        self._failed: Any = None
        self._producer = Producer(
            librdkafka_config(
                settings,
                **{
                    "transactional.id": TRANSACTIONAL_ID,
                    "transaction.timeout.ms": int(WAIT_S * 1000),
                    "partitioner": "murmur2",
                    "compression.type": "zstd",
                    "linger.ms": 5,
                    "log_level": 0,
                },
            )
        )
        self._try(lambda: self._producer.init_transactions(WAIT_S))

    def publish(self, links: Iterable[tuple[str, bytes]]) -> None:
        """Publish (chain, line) in order; all or none of them. Raises `TopicError`."""
        self._try(self._producer.begin_transaction)
        for chain, line in links:
            while True:
                try:
                    self._producer.produce(TOPIC, line, chain.encode(), on_delivery=self._landed)
                    break
                except BufferError:
                    self._producer.poll(0.05)
                except KafkaException as failure:
                    raise _refused(failure) from failure
        self._try(lambda: self._producer.commit_transaction(WAIT_S))
        if self._failed is not None:
            raise TopicError(f"Kafka did not take what was sealed: {self._failed.str()}")

    def _landed(self, error: Any, message: Any) -> None:
        if error is not None:
            self._failed = self._failed or error
        else:
            self.ends[message.partition()] = message.offset() + 1

    def _try(self, step: Any) -> None:
        try:
            step()
        except KafkaException as failure:
            raise _refused(failure) from failure


def _refused(failure: KafkaException) -> TopicError:
    error = failure.args[0]
    if error.name() in FENCED:
        return TopicError("another ledger has taken over: only one may run")
    return TopicError(f"Kafka does not take what is sealed: {error.str()}")


def links(settings: Settings, begins: Mapping[int, int] | None = None) -> Iterator[tuple[str, bytes]]:
    """Read what the topic holds now: chain and line of each link, a chain's in order.

    `begins` says at which offset of a partition to begin; where it says nothing, at the first. Raises `TopicError`.
    """
    consumer = Consumer(reading(settings))
    try:
        partitions = list(consumer.list_topics(TOPIC, WAIT_S).topics[TOPIC].partitions)
        if not partitions:
            raise TopicError(f"There is no topic {TOPIC!r} on {settings.brokers}: run `tocsin topics`")
        starts = {partition: (begins or {}).get(partition, 0) for partition in partitions}
        for partition, start in starts.items():
            _, end = watermarks(consumer, TOPIC, partition, WAIT_S)
            if start > end:
                raise TopicError(
                    f"{TOPIC}/{partition} ends at {end} and has been written up to {start}: it is not the "
                    "topic that it was. Begin a new folder, and keep the old one"
                )
        consumer.assign([TopicPartition(TOPIC, partition, start) for partition, start in starts.items()])
        waiting = set(partitions)
        while waiting:
            for message in consumer.consume(5000, 0.1):
                error = message.error()
                if error is None:
                    chain = (message.key() or b"").decode(errors="replace")
                    yield chain, message.value() or b""
                elif error.name() == "_PARTITION_EOF":
                    waiting.discard(message.partition())
                elif error.fatal() or not error.retriable():
                    raise TopicError(f"{TOPIC!r} can't be read: {error.str()}")
    except KafkaException as failure:
        raise TopicError(f"Kafka at {settings.brokers} does not answer: {failure.args[0].str()}") from failure
    finally:
        consumer.close()


def link(line: bytes) -> Link:
    """Read a link of the topic; raises `TopicError` for what is none."""
    try:
        return read(line)
    except LinkError as error:
        raise TopicError(f"something else writes to {TOPIC!r}: {error}. `tocsin verify` says more") from error


def reading(settings: Settings) -> dict[str, Any]:
    """Configure a consumer that joins no group and commits nothing."""
    return librdkafka_config(
        settings,
        **{
            "group.id": "tocsin-ledger",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
            "queued.max.messages.kbytes": 65_536,
            "error_cb": lambda error: log.warning("Kafka at %s: %s", settings.brokers, error.str()),
            "log_level": 0,
        },
    )
