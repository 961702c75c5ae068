"""Faust's Kafka driver, with one message for each fetched batch of a partition instead of one for each record.

All of stock Faust's cost per message (flow control, four futures, queue, sensors, ack) is so paid once a batch. What
is fetched is decided at each poll by the lanes, which is how back-pressure reaches the broker; what is committed is
what the checkpoints declare durable, not what an agent has seen.
"""

from asyncio import Lock
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message

from streams.worker.fetch import LINGER, App, ConsumerThread

SCHEME = "tocsin"


class Consumer(driver.Consumer):
    """Faust's consumer, whose messages are batches and whose commits are declared by the checkpoints."""

    app: App
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[TP, tuple[int, int | None]] = {}
        self._polling = Lock()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, *args: Any, **options: Any) -> AsyncIterator[tuple[TP, Message]]:
        """Poll the partitions of which the lanes want more, and yield one message a partition."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        wanted = {tp for tp in self._get_active_partitions() if self.app.hooks.wanted(tp)}
        generation = self.app.consumer_generation_id
        if not wanted:
            await self.sleep(LINGER)
            return
        async with self._polling:
            batches = await self._thread.poll(wanted, self.known)
        for tp, batch in batches.items():
            # What was fetched for an assignment that is gone is read again: every assignment ends with a seek.
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            yield tp, self._message(tp, batch)

    def _message(self, tp: TP, batch: Any) -> Message:
        # Faust drops what lies below the offset that it last saw or sought, so a batch without records must not.
        generation = self.app.consumer_generation_id
        return ConsumerMessage(*tp, batch.position, 0.0, 0, None, None, batch, None, tp=tp, generation_id=generation)

    async def perform_seek(self) -> None:
        """Recover and read on from there; Faust calls this after every assignment, outside the rebalance itself."""
        positions = await self.app.hooks.locate(self.assignment())
        # What a poll of the former assignment still brings is dropped: it must neither read past these positions nor
        # leave in `known` what no lane of this assignment was told.
        async with self._polling:
            self.known.clear()
            self._read_offset.update(dict.fromkeys(positions))
            if positions:
                await self.seek_wait(positions)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Make durable and commit what is quickly made so, then let go."""
        await self.app.hooks.release()
        await super().on_partitions_revoked(revoked)
        self.app.hooks.durable.clear()

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter(list(self.app.hooks.durable))

    def _new_offset(self, tp: TP) -> int | None:
        return self.app.hooks.durable.get(tp)


class Producer(driver.Producer):
    """Faust's producer, idempotent: a retry neither doubles nor reorders what is published."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class Transport(driver.Transport):
    """The transport behind `tocsin://` broker URLs."""

    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = Producer
