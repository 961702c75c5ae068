"""The partitions that this worker owns: recovered when they are assigned, made durable when they are taken away."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from time import monotonic

from faust.types import TP

from streams.settings import Settings
from streams.worker.checkpoints import STATE, Recovered, Unread, recover
from streams.worker.clock import CLOCK, TELEMETRY
from streams.worker.controls import Controls
from streams.worker.core import Core, Fatal, MakeCore, fail
from streams.worker.fence import Fence
from streams.worker.fetch import App, Hooks
from streams.worker.gauges import decided
from streams.worker.kafka import read_all, writer
from streams.worker.publisher import Outbox
from streams.worker.runner import Runner
from streams.worker.setaside import set_aside
from streams.worker.turn import Turn

log = logging.getLogger("tocsin.worker")

TOPICS = (*TELEMETRY, CLOCK)
RECOVERY = 60.0
"""Seconds that reading back the state of new partitions may take."""


class Partitions(Hooks):
    """What the transport asks, answered by the lanes of the partitions that are ours.

    Parameters
    ----------
    make_core
        Makes the empty core of one partition.
    """

    def __init__(self, app: App, settings: Settings, controls: Controls, make_core: MakeCore) -> None:
        self.runners: dict[int, Runner] = {}
        self.durable: dict[TP, int] = {}
        self.recovered = False
        self._app = app
        self._settings = settings
        self._controls = controls
        self._make_core = make_core
        self._tasks: list[asyncio.Task[None]] = []
        self._fences: list[Fence] = []
        controls.moved = self._wake
        if controls.exchange is not None:
            controls.exchange.moved = self._wake

    def _wake(self) -> None:
        for runner in self.runners.values():
            runner.wake.set()

    def wanted(self, tp: TP) -> bool:
        """See `Hooks`."""
        runner = self.runners.get(tp.partition)
        return runner is not None and runner.lane.wants(tp.topic)

    async def locate(self, assigned: set[TP]) -> Mapping[TP, int]:
        """See `Hooks`: read back the state of the partitions that are ours now."""
        with Fatal(f"the state of the partitions was not read back (within {RECOVERY:.0f} s)"):
            async with asyncio.timeout(RECOVERY):
                return await self._recover(assigned)

    async def _recover(self, assigned: set[TP]) -> Mapping[TP, int]:
        await self.release()
        partitions = sorted({tp.partition for tp in assigned})
        if len(assigned) != len(partitions) * len(TOPICS):
            fail(f"not every topic has the same partitions, see `tocsin topics`: {sorted(assigned)}")
        await self._controls.ready.wait()
        earliest = await self._app.consumer.earliest_offsets(*assigned)
        latest = await self._app.consumer.highwaters(*assigned)
        fences = await self._claim(partitions)
        rows = await read_all(self._settings, STATE, partitions)
        positions: dict[TP, int] = {}
        fresh: dict[int, Runner] = {}
        turn = Turn()
        for partition in partitions:
            state = recover(rows[partition])
            starts = self._starts(partition, state, earliest, latest)
            positions |= {TP(topic, partition): start for topic, start in starts.items()}
            core = await self._thaw(partition, state, rows[partition])
            outbox = Outbox(self._app.producer, fences[partition])
            for unread in state.refused:
                await set_aside(outbox, partition, state.time, unread)
            for key in state.garbage:
                await outbox.send(STATE, key.encode(), None, partition)
            await outbox.commit()
            fresh[partition] = Runner(
                partition,
                core,
                self._controls,
                outbox,
                state,
                starts,
                self._settings.snapshot_s,
                self._durable,
                decided,
                self._controls.exchange,
                turn,
            )
        # Only now: had this been cancelled by the next rebalance, nothing would have begun.
        self.runners.update(fresh)
        # A predecessor may have died between saving and committing, and where nothing more comes nobody else would.
        self.durable.update(positions)
        if self._controls.exchange is not None:
            self._controls.exchange.own(fresh)
        self._tasks = [asyncio.create_task(self._run(runner)) for runner in fresh.values()]
        self.recovered = True
        log.info("owns partitions %s", ", ".join(map(str, partitions)) or "none")
        return positions

    async def _claim(self, partitions: Iterable[int]) -> dict[int, Fence]:
        """Shut out whoever had these partitions before: what is read of their state from now on stays so."""
        settings = self._settings
        fences = {n: Fence(writer(settings, f"{settings.group}-{n}")) for n in partitions}
        self._fences = list(fences.values())
        await asyncio.gather(*(fence.claim() for fence in self._fences))
        return fences

    def _starts(
        self, partition: int, state: Recovered, earliest: Mapping[TP, int], latest: Mapping[TP, int]
    ) -> dict[str, int]:
        """Say where each topic is read on: at the state's cut, and without state from the beginning."""
        starts = {}
        for topic in TOPICS:
            tp = TP(topic, partition)
            starts[topic] = max(state.ends.get(topic, 0), earliest[tp])
            if starts[topic] > latest[tp]:
                fail(
                    f"{topic}/{partition} ends at {latest[tp]}, but its state goes on at {starts[topic]}: the topic "
                    f"was made anew. Delete {STATE} and create it again with `tocsin topics`"
                )
        return starts

    async def _thaw(self, partition: int, state: Recovered, records: Mapping[str, bytes]) -> Core:
        core = self._make_core()
        if state.ends:
            # The registries as they were at that cut; there is no site yet that could answer.
            core.advance(state.time, [], self._controls.between({}, state.ends))
        for site, blob in state.sites.items():
            try:
                core.thaw(site, blob)
            except ValueError as error:
                state.refused.append(Unread(site, str(error), records[site]))
                for kept in (state.ahead, state.rows, state.parts):
                    kept.pop(site, None)
            await asyncio.sleep(0)
        core.take_dirty()
        return core

    async def _run(self, runner: Runner) -> None:
        with Fatal(f"partition {runner.partition} could not go on"):
            await runner.run()

    def _durable(self, partition: int, ends: Mapping[str, int]) -> None:
        for topic in TOPICS:
            if topic in ends:
                self.durable[TP(topic, partition)] = ends[topic]

    async def release(self, budget: float = 3.0) -> None:
        """See `Hooks`: stop the lanes after the slice in hand, and save what is saved within `budget` seconds."""
        self.recovered = False
        runners = list(self.runners.values())
        for runner in runners:
            runner.stop()
        await asyncio.gather(*self._tasks)
        self.runners.clear()
        self._tasks = []
        until = monotonic() + budget
        for runner in runners:
            await runner.finish(until - monotonic())
        fences, self._fences = self._fences, []
        await asyncio.gather(*(fence.close() for fence in fences))
