"""Takes one lane's slices through the core, one at a time, and keeps what they leave behind durable."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import floor, inf
from time import monotonic, perf_counter

import cramjam

from streams.incidents.model import Fact, Output
from streams.telemetry.control import Said
from streams.worker import checkpoints
from streams.worker.checkpoints import STATE, Recovered
from streams.worker.clock import CLOCK, FACTS, Mark, encode_mark
from streams.worker.controls import Controls
from streams.worker.core import Core
from streams.worker.exchange import Exchange
from streams.worker.lane import Lane, Slice
from streams.worker.pace import Pace
from streams.worker.publisher import Outbox
from streams.worker.turn import Turn

log = logging.getLogger("tocsin.worker")

BUDGET = 0.02
"""Seconds that freezing sites may take before the next slice's turn."""

MARK = b"mark"
MARK_S = 0.02
"""Seconds between two marks of a lane that goes on."""
Durable = Callable[[int, Mapping[str, int]], None]
"""Called with a partition and a cut: below it nothing is needed any more."""


Decided = Callable[[list[Output], float], None]
"""Called with what a slice led to and the seconds that it took."""


class Round:
    """One checkpoint in the making: the sites still to be written, and what it will say when they are."""

    def __init__(self, time: float, ends: dict[str, int], sites: set[str]) -> None:
        self.time, self.ends, self.sites = time, ends, sites


class Runner:
    """One owned partition: its lane, its core, its checkpoints."""

    def __init__(
        self,
        partition: int,
        core: Core,
        controls: Controls,
        outbox: Outbox,
        state: Recovered,
        starts: Mapping[str, int],
        interval: float,
        durable: Durable,
        decided: Decided = lambda outputs, seconds: None,
        exchange: Exchange | None = None,
        turn: Turn | None = None,
    ) -> None:
        self.partition = partition
        self.core = core
        self.outbox = outbox
        ends = {topic: end for topic, end in state.ends.items() if topic != CLOCK}
        self.lane = Lane(state.time, ends, starts)
        self.lane.clock = starts.get(CLOCK, 0)
        self.wake = asyncio.Event()
        self.progress = monotonic()
        self.asked: deque[float] = deque()
        """When the ticks were written that have not come back from the log."""
        self.proposed: dict[str, int] = {}
        """The cut of the last of them."""
        self._controls = controls
        self._ahead = dict(state.ahead)
        self._rows = dict(state.rows)
        self._parts = dict(state.parts)
        self._interval = interval
        self._durable = durable
        self.decided = decided
        self._exchange = exchange
        self._turn = turn or Turn()
        self._heard = 0
        self._promised = (-inf, 0.0)
        """What was last promised to other workers, and when by the monotonic clock."""
        self._marked = (state.time, self.cut())
        self._pace = Pace(interval)
        self._stopping = False
        self._round: Round | None = None
        self.saved = monotonic()

    async def run(self) -> None:
        """Work until `stop`; whatever is raised here ends the process."""
        while not self._stopping:
            # Where nothing comes to wake it, a checkpoint in the making goes on all the same.
            pause = BUDGET if self._round is not None else self._interval / 10
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):  # wait_for() of Python 3.11 may swallow a cancellation
                    await self.wake.wait()
            self.wake.clear()
            while not self._stopping and await self.step():
                await asyncio.sleep(0)
                await self._checkpoint_when_due()
            await self._checkpoint_when_due()

    def stop(self) -> None:
        """End `run` when the slice in hand is published: what the core has answered must not get lost."""
        self._stopping = True
        self.wake.set()

    async def step(self) -> bool:
        """Take one slice through the core, if its records are here; say whether."""
        piece = self._next()
        if piece is None:
            await self._promise(0.0)
            return False
        arrivals, controls = piece.arrivals, self._controls.between(piece.since, piece.ends)
        if self._exchange is not None:
            facts, self._heard = self._exchange.since(self._heard)
            controls += facts
        if self._ahead:
            reach = checkpoints.serial(piece.ends)
            self._ahead = {site: serial for site, serial in self._ahead.items() if serial >= reach}
            arrivals = [arrival for arrival in arrivals if arrival.event.site not in self._ahead]
            controls = [c for c in controls if not (isinstance(c, Said) and c.site in self._ahead)]
        self.progress = monotonic()
        if arrivals:
            self._pace.took(len(arrivals))
        self._alter(piece)
        outputs = self.core.advance(piece.time, arrivals, controls, piece.complete)
        await self.outbox.publish(outputs)
        self.decided(outputs, monotonic() - self.progress)
        if self._exchange is not None:
            for output in outputs:
                if isinstance(output.body, Fact):
                    self._exchange.hear(output.body)
            await self._promise(MARK_S)
        return True

    def _alter(self, piece: Slice) -> None:
        """Do to the state what the tick asks for; a drill's shadow of another version lives on without a past."""
        for site, device in piece.forget:
            if site not in self._ahead:
                self.core.reset(site, device)
        for site, blob in piece.seed:
            try:
                self.core.seed(site, bytes(cramjam.zstd.decompress(blob)))
            except (ValueError, cramjam.DecompressionError) as error:
                log.error("%s starts without a past: %s", site, error)

    def _next(self) -> Slice | None:
        """Cut the next slice: up to a tick, or as far as the other partitions' promises reach."""
        if self._exchange is None:
            return self.lane.next(self._controls.ends)
        horizon = self._exchange.horizon(self.partition)
        piece = self.lane.next(self._controls.ends, horizon)
        if piece is None and self.core.due() <= horizon < inf:
            piece = self.lane.stride(float(floor(horizon)))
        return piece

    async def _promise(self, pause: float) -> None:
        """Let the other lanes go on; those of other workers are told no sooner than `pause` seconds after the last."""
        if self._exchange is None:
            return
        time = self.lane.promise(self.core.due())
        self._exchange.promise(self.partition, time)
        last, when = self._promised
        if time > last and not self._exchange.alone and monotonic() - when >= pause:
            self._promised = time, monotonic()
            await self.outbox.send(FACTS, MARK, encode_mark(Mark(self.partition, time)), 0)

    async def _checkpoint_when_due(self) -> None:
        """Go on with the checkpoint in the making, or begin one: each interval, and when all is quiet."""
        if self._round is None:
            if not self._pace.due(monotonic() - self.saved) or (self.lane.time, self.cut()) == self._marked:
                return
            if not self._turn.take(self):
                return
            self.begin()
        await self.save(BUDGET)

    def begin(self) -> None:
        """Begin a checkpoint at the lane's present cut, unless one is in the making."""
        if self._round is None:
            self._round = Round(self.lane.time, self.cut(), self.core.take_dirty())
            self._pace.begin()

    def cut(self) -> dict[str, int]:
        """Say what the core has seen, with where the clock is read on."""
        return {**self.lane.ends, CLOCK: self.lane.clock}

    async def save(self, budget: float) -> None:
        """Write sites for `budget` seconds; once all are written, the mark; once that is there for good, say so."""
        saving = self._round
        if saving is None:
            return
        # A row says that its site needs nothing below its cut: what came of that must be with Kafka before.
        await self.outbox.settle()
        until, cut = perf_counter() + budget, self.cut()
        while saving.sites:
            await self._write(saving.sites.pop(), cut)
            if saving.sites and perf_counter() >= until:
                return
        value = checkpoints.mark(saving.time, saving.ends, self._rows)
        await self.outbox.send(STATE, checkpoints.MARK.encode(), value, self.partition)
        await self.outbox.commit()
        self._round, self.saved = None, monotonic()
        self._turn.give(self)
        self._pace.end()
        self._marked = saving.time, saving.ends
        self._durable(self.partition, saving.ends)

    async def _write(self, site: str, cut: dict[str, int]) -> None:
        state = self.core.freeze(site)
        # A site that is there no more, as a drill's shadow, takes its row along.
        records = checkpoints.split(site, self.lane.time, cut, state) if state else [(site, None)]
        for key, value in records:
            await self.outbox.send(STATE, key.encode(), value, self.partition)
            self._pace.wrote(len(value or b""))
        # Kafka keeps the order: whoever finds these deletions finds the new row before them.
        parts = [key for key, _ in records[:-1]]
        for key in self._parts.pop(site, []):
            if key not in parts:
                await self.outbox.send(STATE, key.encode(), None, self.partition)
        if not state:
            self._rows.pop(site, None)
            return
        self._rows[site] = checkpoints.serial(cut)
        if parts:
            self._parts[site] = parts

    async def finish(self, budget: float) -> None:
        """Make durable what is so within `budget` seconds; the rest is read again by whoever comes next."""
        until = monotonic() + budget
        for fresh in (False, True):
            if fresh:
                self.begin()
            while self._round is not None and monotonic() < until:
                await self.save(BUDGET)

    def stalled(self, live: bool) -> float:
        """Tell for how many seconds there has been something to do and nothing was done.

        A recording's records may wait for their ticks as long as its player likes; live, we write them ourselves.
        """
        lane = self.lane
        waiting = lane.ticks or (live and (lane.buffered or lane.behind))
        if not waiting or self._awaited() in self._ours():
            self.progress = monotonic()
        return monotonic() - max(self.progress, self._exchange.changed if self._exchange else 0.0)

    def trouble(self) -> str:
        """Say what a lane that is stalled waits for."""
        awaited = self._awaited()
        if awaited is None:
            return f"partition {self.partition} had something to do and did nothing"
        return (
            f"partition {self.partition} waits for what partition {awaited} has to tell, which another worker has: "
            "is that one well, and does it run with TOCSIN_CLOCK=log, too?"
        )

    def _awaited(self) -> int | None:
        """Return the partition whose promise the next tick waits for, if it waits for one."""
        exchange, ticks = self._exchange, self.lane.ticks
        if exchange is None or not ticks or ticks[0][0].time <= exchange.horizon(self.partition):
            return None
        return exchange.awaited(self.partition)

    def _ours(self) -> frozenset[int]:
        return self._exchange.owned if self._exchange is not None else frozenset()
