"""Readers of our own beside Faust's consumer: no group, chosen partitions, from the beginning."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.settings import Settings, aiokafka_config


@asynccontextmanager
async def reader(settings: Settings, partitions: Iterable[tuple[str, int]]) -> AsyncIterator[Any]:
    """Open an aiokafka consumer at the beginning of some partitions."""
    consumer = AIOKafkaConsumer(
        **aiokafka_config(settings),
        bootstrap_servers=settings.brokers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
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
