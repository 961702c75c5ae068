import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from faust.types import TP

from streams.settings import Settings
from streams.worker.app import make_app
from streams.worker.fetch import App, Batch, ConsumerThread, Hooks
from streams.worker.transport import Consumer

HERE = TP("telemetry.power", 0)
ANSWER = (7, 9)
"""Where the poll under way finds the partition, and where that ends."""


class Slow(ConsumerThread):
    """A consumer thread, never started, whose one poll ends when it is told to; keeps the order of what it did."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.done: list[str] = []

    async def poll(self, wanted: set[TP], known: dict[TP, tuple[int, int | None]]) -> dict[TP, Batch]:
        self.asked.set()
        await self.may_answer.wait()
        self.done.append("polled")
        known[HERE] = ANSWER
        return {HERE: Batch([], *ANSWER)}

    async def seek_wait(self, positions: Mapping[TP, int]) -> None:
        self.done.append(f"sought {positions[HERE]}")

    def assignment(self) -> set[TP]:
        return {HERE}


class Lanes(Hooks):
    """Wants everything, has read nothing yet, and has nothing to make durable."""

    def __init__(self) -> None:
        self.durable: dict[TP, int] = {}

    def wanted(self, tp: TP) -> bool:
        return True

    async def locate(self, assigned: set[TP]) -> Mapping[TP, int]:
        return dict.fromkeys(assigned, 0)

    async def release(self) -> None:
        pass


async def rebalanced(app: App, monkeypatch: pytest.MonkeyPatch) -> tuple[Consumer, Slow, list[Any]]:
    """Assign partitions anew while a poll is under way."""
    app.hooks = Lanes()
    monkeypatch.setattr("streams.worker.transport.ConsumerThread", Slow)
    consumer: Any = app.consumer
    thread: Slow = consumer._thread
    consumer.resume_flow()
    consumer._set_active_tps({HERE})
    consumer._read_offset[HERE] = 7

    async def drain() -> list[Any]:
        return [message async for message in consumer.getmany()]

    told = asyncio.create_task(drain())
    await thread.asked.wait()
    app.consumer_generation_id += 1
    sought = asyncio.create_task(consumer.perform_seek())
    await asyncio.sleep(0.01)
    thread.may_answer.set()
    await sought
    return consumer, thread, await told


def test_a_poll_under_way_when_partitions_are_assigned_anew_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or an empty partition's lane would never hear where it ends, and records read behind the seek would be lost."""

    async def main() -> None:
        consumer, thread, told = await rebalanced(make_app(Settings()), monkeypatch)
        assert told == [], "what the former assignment fetched is read again"
        assert thread.done == ["polled", "sought 0"]
        assert consumer.known == {}
        # Faust drops what lies below what it has seen; the next batch may end sooner than the last of before.
        assert vars(consumer)["_read_offset"][HERE] is None

    asyncio.run(main())
