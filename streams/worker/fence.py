"""What only the last owner of a partition may write: its state, and its incidents.

A worker that was stopped, or cut off for longer than its session, goes on with what it has in its hands; and what it
had sent may lie in a buffer of the network for any time and arrive when the process is long gone. No clock of ours
bounds that, nor does ending the process. So Kafka refuses it: state and incidents are written in transactions under a
name that belongs to the partition. Who takes a partition over first claims its name, by which Kafka raises the epoch.
What was written under the former one is then committed or will never be, and only now is the state read. So all that
goes missing with a predecessor is decided again, and nothing of it comes after what its successor says: the last
revision of an incident that stands in Kafka is the last that there is, and a row never replaces a newer one.

Findings, commands, dead letters and ticks need none of this: they are named by what they are, and mean the same however
late they come and however often. So it costs a few requests a snapshot and an incident, and nothing an event.
"""

from asyncio import Future
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced

from streams.worker.core import TWIN, FatalError

LOST = (
    "another worker has taken over: this one was stopped or cut off for longer than its session, or another has its "
    "name, TOCSIN_INSTANCE, too"
)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ProducerFenced as error:
        raise FatalError(LOST) from error
    # A broker answers a commit with an unknown error when the name is claimed in that moment; and aiokafka calls it
    # illegal, or asserts against it, to go on when one has not heard yet that one was shut out.
    except (KafkaError, IllegalOperation, AssertionError) as error:
        raise FatalError(f"Kafka does not take this worker's state: {error}. {TWIN}") from error


class Fence:
    """Writes in transactions under a name; whoever claims the name after us shuts us out, which ends the process.

    Parameters
    ----------
    producer
        With that name as its transactional id.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._begun = False

    async def claim(self) -> None:
        """Shut out whoever used the name before; what they have not committed is undone when this returns.

        Raises
        ------
        FatalError
            When Kafka refuses; so do `send` and `commit`.
        """
        with _told():
            await self._producer.start()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
    ) -> Future[Any]:
        """Send a record; it is there when the future is done, and is shown to others when `commit` returns."""
        with _told():
            if not self._begun:
                await self._producer.begin_transaction()
                self._begun = True
            future: Future[Any] = await self._producer.send(topic, value, key, partition, headers=headers)
        return future

    async def commit(self) -> None:
        """Have all that was sent so far be there, for everybody and for good."""
        if self._begun:
            with _told():
                await self._producer.commit_transaction()
            self._begun = False

    async def close(self) -> None:
        """Let go; what was not committed is undone by whoever claims the name next."""
        await self._producer.stop()
