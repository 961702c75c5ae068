"""One topic's part of a lane: decoded batches in the order of their offsets, to be cut anywhere."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from streams.telemetry.decode import Arrival

RECORDS = 8192
"""How many records of one topic wait at most for their tick (unless a tick that is already here asks for more)."""
PRESSING = RECORDS // 4
"""How many make it worth while not to wait for the next regular tick."""
BYTES = 4 << 20
"""How many bytes of one topic do."""


class Chunk(NamedTuple):
    """The records of one topic that one poll brought, decoded."""

    offsets: Sequence[int]
    """of the records, rising"""
    stamps: Sequence[int]
    """their Kafka timestamps, ms"""
    size: int
    """bytes of their values"""
    arrivals: list[Arrival]
    """the valid objects in them"""
    tags: Sequence[int]
    """for each arrival the offset of its record"""


class Strand:
    """One topic's part of a lane."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.highwater: int | None = None
        self.newest = 0
        self.records = 0
        self.size = 0
        self.chunks: deque[Chunk] = deque()

    @property
    def full(self) -> bool:
        return self.records >= RECORDS or self.size >= BYTES

    @property
    def behind(self) -> bool:
        """Whether records are known to wait in Kafka, or nothing is known yet."""
        return self.highwater is None or self.position < self.highwater

    def push(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)
        self.records += len(chunk.offsets)
        self.size += chunk.size
        self.newest = max(self.newest, max(chunk.stamps))

    def take(self, end: int) -> list[Arrival]:
        """Remove the records below `end` and return their arrivals."""
        taken: list[Arrival] = []
        while self.chunks and self.chunks[0].offsets[0] < end:
            chunk = self.chunks.popleft()
            if chunk.offsets[-1] >= end:
                chunk, rest = split(chunk, end)
                self.chunks.appendleft(rest)
            self.records -= len(chunk.offsets)
            self.size -= chunk.size
            taken += chunk.arrivals
        return taken

    def until(self, stamp: float) -> int:
        """Find the offset up to which the records are no newer than `stamp` (ms)."""
        if self.newest <= stamp:
            return self.position
        for chunk in self.chunks:
            if max(chunk.stamps) > stamp:
                index = bisect_right(chunk.stamps, stamp)
                return chunk.offsets[index] if index < len(chunk.offsets) else chunk.offsets[-1] + 1
        return self.position


def split(chunk: Chunk, end: int) -> tuple[Chunk, Chunk]:
    """Part a chunk at an offset."""
    record, arrival = bisect_left(chunk.offsets, end), bisect_left(chunk.tags, end)
    share = chunk.size * record // len(chunk.offsets)
    return (
        Chunk(chunk.offsets[:record], chunk.stamps[:record], share, chunk.arrivals[:arrival], chunk.tags[:arrival]),
        Chunk(
            chunk.offsets[record:],
            chunk.stamps[record:],
            chunk.size - share,
            chunk.arrivals[arrival:],
            chunk.tags[arrival:],
        ),
    )
