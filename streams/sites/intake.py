"""Into the spool: objects get their sequence numbers and share the cost of a commit."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Condition, Thread
from typing import Any

from streams.sites.spool import Block, Spool, SpoolError
from streams.sites.wire import Object, numbered
from streams.telemetry.decode import RANKS

log = logging.getLogger("tocsin.publisher")

BLOCK_OBJECTS = 500
BLOCK_BYTES = 256 << 10
GROUP_BYTES = 4 << 20
"""What is gathered at most while the disk is busy with the last commit."""
COMPLAIN_S = 60.0


class Group:
    """Objects that are committed together."""

    def __init__(self) -> None:
        self.raws: list[bytes] = []
        self.ranks = bytearray()
        self.size = 0
        self.numbers: dict[str, int] = {}
        self.kept: Future[None] = Future()
        """Done when they are on the disk."""
        self._waiters: dict[asyncio.AbstractEventLoop, asyncio.Future[None]] = {}

    async def wait(self) -> None:
        """Wait until they are on the disk; giving up does not take them back."""
        loop = asyncio.get_running_loop()
        if loop not in self._waiters:
            self._waiters[loop] = asyncio.wrap_future(self.kept)
        await asyncio.shield(self._waiters[loop])

    def blocks(self) -> list[Block]:
        """Cut them into blocks, each small enough for a record."""
        blocks: list[Block] = []
        start = size = 0
        for at, raw in enumerate(self.raws):
            if at > start and (at - start >= BLOCK_OBJECTS or size + len(raw) > BLOCK_BYTES):
                blocks.append(self._block(start, at))
                start, size = at, 0
            size += len(raw) + 1
        return [*blocks, self._block(start, len(self.raws))]

    def _block(self, start: int, end: int) -> Block:
        return Block(bytes(self.ranks[start:end]), b",".join(self.raws[start:end]))


class Intake:
    """Takes objects from any thread; one thread commits what has gathered, again and again.

    Parameters
    ----------
    waits
        Whether `room` waits when the spool is full; else the spool gives up its oldest objects.
    kept
        Is called after each commit.
    """

    def __init__(self, spool: Spool, waits: bool, kept: Callable[[], object]) -> None:
        self._spool, self._waits, self._kept = spool, waits, kept
        self._changed = Condition()
        self._group = Group()
        self._committing = Group()
        self._closing = False
        self._complained = 0.0
        self._thread = Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """Objects that wait for their commit."""
        return len(self._group.raws) + len(self._committing.raws)

    def put(self, taken: Iterable[tuple[Object, Any]]) -> Group:
        """Take objects, each with what it was made of; those without a sequence get their device's next number."""
        with self._changed:
            group, numbers = self._group, self._spool.numbers
            if self._closing:
                raise SpoolError("the publisher is closed")
            if not group.raws:
                self._changed.notify_all()
            for found, given in taken:
                domain, event, raw = found
                number = event.sequence
                if number is None:
                    number = numbers.get(event.device, 0)
                    raw = numbered(found, number, given)
                numbers[event.device] = group.numbers[event.device] = number + 1
                group.raws.append(raw)
                group.ranks.append(RANKS[domain])
                group.size += len(raw) + 1
        return group

    @property
    def room(self) -> bool:
        """Whether another object may be put."""
        size = self._group.size
        if self._waits and size + self._committing.size + self._spool.bytes > self._spool.limit * 7 // 8:
            return False
        return size < min(GROUP_BYTES, self._spool.limit // 4)

    def wait_for_room(self, going: Callable[[], object]) -> None:
        """Wait until there is room; `going` is called now and then, and may raise."""
        while not self.room:
            going()
            with self._changed:
                self._changed.wait(0.02)

    def close(self) -> None:
        """Commit what is left and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._group.raws or self._closing)
                if not self._group.raws:
                    return
                group = self._committing = self._group
                self._group = Group()
                self._changed.notify_all()
            self._commit(group)

    def _commit(self, group: Group) -> None:
        lost = self._spool.lost
        failure: Exception | None = None
        try:
            self._spool.add(group.blocks(), group.numbers)
        except SpoolError as error:
            log.error("%d objects were not kept: %s", len(group.raws), error)
            failure = error
        self._committing = Group()
        if failure is None:
            group.kept.set_result(None)
        else:
            group.kept.set_exception(failure)
        if self._spool.lost > lost and time.monotonic() - self._complained > COMPLAIN_S:
            self._complained = time.monotonic()
            log.error(
                "the spool is full (%d bytes): the oldest objects go to make room for the newest; %d so far",
                self._spool.limit,
                self._spool.lost,
            )
        self._kept()
