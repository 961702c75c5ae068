"""Anything: NDJSON on standard input, one telemetry object a line."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from functools import partial
from itertools import count

from streams.sites.source import Outlet, Sends, Source
from streams.sites.wire import RefusedError
from streams.telemetry.refusal import MOST_BYTES

TOGETHER = 64
"""Lines that wait for the disk together."""


class Stdin(Source, frozen=True, kw_only=True, tag="stdin"):
    """NDJSON on standard input; a line that can't be taken is told with its number, and the next one read."""

    def where(self) -> str:
        return "standard input"

    def sends(self) -> Iterable[Sends]:
        yield Sends("every device on the lines", ("any telemetry object",), "at each line")

    async def run(self, outlet: Outlet) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MOST_BYTES)
        transport, _ = await loop.connect_read_pipe(partial(asyncio.StreamReaderProtocol, reader), sys.stdin.buffer)
        try:
            await follow(reader, outlet)
        finally:
            transport.close()


async def follow(reader: asyncio.StreamReader, outlet: Outlet) -> None:
    """Publish every line until the end, some at a time so that they share the disk; `reader` bounds a line's length."""
    beat = asyncio.ensure_future(_alive(outlet))
    room = asyncio.Semaphore(TOGETHER)
    try:
        async with asyncio.TaskGroup() as group:
            async for number, line in _lines(reader, outlet):
                await room.acquire()
                group.create_task(_publish(number, line, outlet, room))
    finally:
        beat.cancel()


async def _publish(number: int, line: bytes, outlet: Outlet, room: asyncio.Semaphore) -> None:
    try:
        await outlet.publish(line)
    except RefusedError as error:
        outlet.refuse(f"line {number}: {error}")
    finally:
        room.release()


async def _lines(reader: asyncio.StreamReader, outlet: Outlet) -> AsyncIterator[tuple[int, bytes]]:
    for number in count(1):
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            line = end.partial
        except asyncio.LimitOverrunError as long:
            outlet.refuse(f"line {number} is longer than {MOST_BYTES:,} bytes")
            await _skip(reader, long.consumed)
            continue
        if line.strip():
            yield number, line.strip()
        if not line.endswith(b"\n"):
            return


async def _skip(reader: asyncio.StreamReader, held: int) -> None:
    """Read to the end of a line that is too long, keeping nothing of it."""
    await reader.readexactly(held)
    while True:
        try:
            await reader.readuntil(b"\n")
            return
        except asyncio.IncompleteReadError:
            return
        except asyncio.LimitOverrunError as more:
            await reader.readexactly(more.consumed)


async def _alive(outlet: Outlet) -> None:
    while True:
        outlet.alive()
        await asyncio.sleep(10.0)
