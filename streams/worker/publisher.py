"""What leaves the worker: every send is awaited before anything that depends on it becomes durable."""

from asyncio import Future, wait
from typing import Any, Protocol

from aiokafka.errors import ProducerFenced

from streams.incidents.model import Fact, Finding, Incident, Output, encode
from streams.worker.checkpoints import STATE
from streams.worker.clock import FACTS
from streams.worker.core import fail
from streams.worker.fence import LOST

FINDINGS, INCIDENTS, COMMANDS, DEAD_LETTERS = "findings", "incidents", "commands", "dead-letters"
FENCED = (INCIDENTS, STATE)
"""Topics that only the last owner of a partition may write: in them, what comes last stands."""
OUTSTANDING = 4096
"""How many sends of one lane may be on their way."""

Headers = list[tuple[str, bytes]]


class Sender(Protocol):
    """Faust's producer."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Headers | None,
    ) -> Any: ...


class Committer(Sender, Protocol):
    """A `Fence`: what is sent by it counts when it is committed."""

    async def commit(self) -> None: ...


class Outbox:
    """One lane's sends, in order for each key."""

    def __init__(self, sender: Sender, fence: Committer) -> None:
        self._sender = sender
        self._fence = fence
        self._outstanding: set[Future[Any]] = set()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Send one record; it is on its way when this returns, and there when `settle` or, if fenced, `commit` does."""
        sender = self._fence if topic in FENCED else self._sender
        future = await sender.send(topic, key, value, partition, None, headers)
        self._outstanding.add(future)
        future.add_done_callback(self._sent)

    def _sent(self, future: Future[Any]) -> None:
        self._outstanding.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            fail(LOST if isinstance(error, ProducerFenced) else "Kafka did not take what the worker published", error)

    async def publish(self, outputs: list[Output]) -> None:
        """Send what the core answered: findings and commands keyed by site, incidents by id, facts by subject.

        Incidents are there when this returns.
        """
        for _, _, body in outputs:
            value = encode(body)
            if isinstance(body, Finding):
                await self.send(FINDINGS, body.site.encode(), value)
            elif isinstance(body, Incident):
                await self.send(INCIDENTS, body.id.encode(), value)
            elif isinstance(body, Fact):
                await self.send(FACTS, body.subject.encode(), value, 0)
            else:
                await self.send(COMMANDS, body.site.encode(), value)
        await self.room()
        if any(isinstance(body, Incident) for _, _, body in outputs):
            await self.commit()

    async def commit(self) -> None:
        """Wait until what is fenced is there for good; only the one task that sends it may ask."""
        await self._fence.commit()

    async def settle(self) -> None:
        """Wait until Kafka has everything that was sent so far."""
        if self._outstanding:
            await wait(set(self._outstanding))

    async def room(self) -> None:
        """Wait until not too much is on its way."""
        if len(self._outstanding) > OUTSTANDING:
            await self.settle()
