"""A partition's lane: what was read and not yet decided, and the ticks that cut it into slices. No clock, no I/O."""

from collections import deque
from math import inf
from typing import NamedTuple

from streams.telemetry.decode import Arrival
from streams.worker.clock import TELEMETRY, Ends, Tick, later
from streams.worker.strand import PRESSING, Chunk, Strand

OLDEST = 14 * 86400.0
"""Seconds that a backlog goes back at most: clients' timestamps may say anything, and time is passed by the second."""
TICKS = 256
"""How many ticks wait at most for their records."""


class Slice(NamedTuple):
    """The core's next input: what came between two cuts."""

    time: float
    arrivals: list[Arrival]
    since: dict[str, int]
    ends: dict[str, int]
    complete: bool
    forget: tuple[tuple[str, str], ...] = ()
    seed: tuple[tuple[str, bytes], ...] = ()


class Lane:
    """What a partition's five topics and its clock brought, waiting to be sliced.

    Parameters
    ----------
    time, ends
        The cut from which it goes on: everything below `ends` is already decided, as of `time`.
    starts
        Where reading starts, for each telemetry topic and the clock.
    """

    def __init__(self, time: float, ends: Ends, starts: Ends) -> None:
        self.time = time
        self.ends = dict(ends)
        self.strands = {topic: Strand(starts.get(topic, 0)) for topic in TELEMETRY}
        self.ticks: deque[tuple[Tick, int]] = deque()
        self.due: dict[str, int] = {}
        self.clock = 0
        """The offset from which `control.clock` has to be read again to go on from here."""

    def receive(self, topic: str, chunk: Chunk, position: int, highwater: int | None) -> None:
        """Take in what a poll brought; `position` is the consumer's afterwards, past any gap."""
        strand = self.strands[topic]
        if chunk.offsets:
            strand.push(chunk)
        strand.position = max(strand.position, position)
        strand.highwater = highwater

    def tick(self, tick: Tick, resume: int) -> None:
        """Take in a tick; after it, `control.clock` goes on at the offset `resume`."""
        self.ticks.append((tick, resume))
        self.due = later(self.due, tick.ends)

    def clocked(self, position: int) -> None:
        """Take in how far `control.clock` is read; what holds no tick need not be read again."""
        if not self.ticks:
            self.clock = max(self.clock, position)

    def wants(self, topic: str) -> bool:
        """Say whether more of a topic may be fetched: there is room, or a tick that is here waits for it."""
        strand = self.strands.get(topic)
        if strand is None:
            return len(self.ticks) < TICKS
        return not strand.full or strand.position < self.due.get(topic, 0)

    def next(self, controls: Ends, horizon: float = inf) -> Slice | None:
        """Cut the next slice, or none while its records are not here or its time lies beyond `horizon`.

        `controls` is how far those topics are read.
        """
        while self.ticks:
            tick, resume = self.ticks[0]
            if tick.time > horizon or not self._reached(tick.ends, controls):
                return None
            self.ticks.popleft()
            self.clock = resume
            since, ends, time = self.ends, later(self.ends, tick.ends), max(self.time, tick.time)
            if time > self.time or ends != since or tick.forget or tick.seed:
                arrivals: list[Arrival] = []
                for topic, strand in self.strands.items():
                    arrivals += strand.take(ends.get(topic, 0))
                self.time, self.ends = time, ends
                return Slice(time, arrivals, since, ends, tick.complete, tick.forget, tick.seed)
        return None

    def stride(self, time: float) -> Slice | None:
        """Cut an empty slice before the next tick: nothing arrived until `time`; none where that is not known."""
        if not self.ticks or not self.time < time < self.ticks[0][0].time:
            return None
        self.time = time
        return Slice(time, [], self.ends, self.ends, True)

    def promise(self, due: float) -> float:
        """Return the moment before which nothing more comes of this lane; at `due` time alone may bring something."""
        return max(self.time, min(self.ticks[0][0].time, due)) if self.ticks else self.time

    def _reached(self, ends: Ends, controls: Ends) -> bool:
        for topic, end in ends.items():
            strand = self.strands.get(topic)
            if (strand.position if strand else controls.get(topic, end)) < end:
                return False
        return True

    def propose(self, now: float, controls: Ends) -> Tick | None:
        """Make the tick that may be written now, or none while it is not known where the topics end.

        While records wait in Kafka, a tick cannot say `now` for the records that it cuts off: it says when they arrived
        (their Kafka timestamps), and leaves what arrived later in other topics to the next one. So a backlog is worked
        off in the order in which it came.
        """
        if any(strand.highwater is None for strand in self.strands.values()):
            return None
        behind = [strand for strand in self.strands.values() if strand.behind]
        if any(strand.newest == 0 for strand in behind):
            return None
        time = max(self.time, now - OLDEST, min([now, *(strand.newest / 1000 for strand in behind)]))
        ends = {
            topic: strand.until(time * 1000) if behind else strand.position for topic, strand in self.strands.items()
        }
        return Tick(time, {**ends, **controls}, not behind)

    @property
    def buffered(self) -> bool:
        """Whether records wait for a tick."""
        return any(strand.position > self.ends.get(topic, 0) for topic, strand in self.strands.items())

    @property
    def behind(self) -> bool:
        """Whether records are known to wait in Kafka."""
        return any(strand.highwater is not None and strand.behind for strand in self.strands.values())

    @property
    def pressing(self) -> bool:
        """Whether a tick should come soon, before a topic has no room left."""
        return any(strand.records >= PRESSING or strand.full for strand in self.strands.values())
