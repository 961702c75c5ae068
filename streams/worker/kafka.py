"""Clients of our own beside Faust's: readers of chosen partitions without a group, and writers under a name."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.settings import Settings, aiokafka_config

TRANSACTION_S = 600.0
"""Seconds that a transaction may take, from a snapshot's first row to its mark; Kafka allows 900."""
REQUEST_S = 60.0
"""Seconds that a broker may take to answer a writer."""


@asynccontextmanager
async def reader(settings: Settings, partitions: Iterable[tuple[str, int]]) -> AsyncIterator[Any]:
    """Open an aiokafka consumer at the beginning of some partitions; it is shown what is committed."""
    consumer = AIOKafkaConsumer(
        **aiokafka_config(settings),
        bootstrap_servers=settings.brokers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=8 << 20,
        fetch_max_wait_ms=200,
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for topic, partition in partitions])
        await consumer.seek_to_beginning()
        yield consumer
    finally:
        await consumer.stop()


async def tail(consumer: Any) -> dict[Any, int]:
    """Ask where the assigned partitions end now: topic partition → offset."""
    ends: dict[Any, int] = await consumer.end_offsets(list(consumer.assignment()))
    return ends


async def read_all(settings: Settings, topic: str, partitions: Iterable[int]) -> dict[int, dict[str, bytes]]:
    """Read a compacted topic's partitions to their end: partition → key → latest value."""
    rows: dict[int, dict[str, bytes]] = {partition: {} for partition in partitions}
    async with reader(settings, [(topic, partition) for partition in rows]) as consumer:
        waiting = await tail(consumer)
        while waiting:
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    key = (record.key or b"").decode("utf-8", "replace")
                    if record.value:
                        rows[tp.partition][key] = record.value
                    else:
                        rows[tp.partition].pop(key, None)
            for tp in list(waiting):
                if await consumer.position(tp) >= waiting[tp]:
                    del waiting[tp]
    return rows


def writer(settings: Settings, name: str) -> AIOKafkaProducer:
    """Make a producer that writes in transactions under a name."""
    return AIOKafkaProducer(
        **aiokafka_config(settings),
        bootstrap_servers=settings.brokers,
        transactional_id=name,
        transaction_timeout_ms=int(TRANSACTION_S * 1000),
        request_timeout_ms=int(REQUEST_S * 1000),
        linger_ms=5,
        max_batch_size=1 << 18,
        max_request_size=8 << 20,
        compression_type="lz4",
    )
