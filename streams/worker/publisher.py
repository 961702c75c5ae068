"""What leaves the worker: every send is awaited before anything that depends on it becomes durable."""

from asyncio import Future, wait
from typing import Any, Protocol

from streams.incidents.model import Fact, Finding, Incident, Output, encode
from streams.worker.clock import FACTS
from streams.worker.core import fail

FINDINGS, INCIDENTS, COMMANDS, DEAD_LETTERS = "findings", "incidents", "commands", "dead-letters"
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


class Outbox:
    """One lane's sends, in order for each key."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._outstanding: set[Future[Any]] = set()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        """Send one record; it is on its way when this returns, and there when `settle` does."""
        future = await self._sender.send(topic, key, value, partition, None, headers)
        self._outstanding.add(future)
        future.add_done_callback(self._sent)

    def _sent(self, future: Future[Any]) -> None:
        self._outstanding.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            fail("Kafka did not take what the worker published", error)

    async def publish(self, outputs: list[Output]) -> None:
        """Send what the core answered: findings and commands keyed by site, incidents by id, facts by subject."""
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

    async def settle(self) -> None:
        """Wait until Kafka has everything that was sent so far."""
        if self._outstanding:
            await wait(set(self._outstanding))

    async def room(self) -> None:
        """Wait until not too much is on its way."""
        if len(self._outstanding) > OUTSTANDING:
            await self.settle()
