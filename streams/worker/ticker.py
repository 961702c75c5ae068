"""Live, the owner of a partition writes its ticks, and reads them back from the log before it acts on them."""

import asyncio
from collections.abc import Callable
from time import monotonic

import msgspec

from streams.worker.clock import CLOCK, Tick, encode, later
from streams.worker.controls import Controls
from streams.worker.runner import Runner
from streams.worker.tempo import Tempo

IDLE = 10.0
"""Seconds between the ticks of a partition in which nothing happens."""
ASKED = 4
"""How many ticks of a partition may be on their way through the log."""
LOST = 10.0
"""Seconds after which a tick that has not come back does not count among them."""


class Ticker:
    """Writes the ticks of the partitions that this worker owns.

    Parameters
    ----------
    interval
        Seconds between two ticks of a partition, unless the worker is busy.
    now
        Tells the time, Unix seconds.
    """

    def __init__(
        self, runners: dict[int, Runner], controls: Controls, interval: float, now: Callable[[], float]
    ) -> None:
        self.urgent = asyncio.Event()
        """Set when a lane's buffer is full: then its tick is written at once."""
        self._runners = runners
        self._controls = controls
        self._tempo = Tempo(interval)
        self._now = now

    async def run(self) -> None:
        """Tick for ever."""
        while True:
            until = monotonic() + self._tempo.look()
            regular = True
            while (rest := until - monotonic()) > 0 or regular:
                for runner in list(self._runners.values()):
                    if regular or runner.lane.pressing:
                        await self._tick(runner)
                regular = False
                try:
                    async with asyncio.timeout(max(rest, 0.001)):  # as in the runner: no wait_for()
                        await self.urgent.wait()
                except TimeoutError:
                    break
                self.urgent.clear()

    async def _tick(self, runner: Runner) -> None:
        while runner.asked and monotonic() - runner.asked[0] > LOST:
            runner.asked.popleft()
        tick = propose(runner, self._controls, self._now()) if len(runner.asked) < ASKED else None
        if tick is not None:
            runner.asked.append(monotonic())
            runner.proposed = later(runner.proposed, tick.ends)
            await runner.outbox.send(CLOCK, None, encode([tick]), runner.partition)


def propose(runner: Runner, controls: Controls, now: float) -> Tick | None:
    """Make a lane's tick, if one is of use now: something came, something falls due, or it was silent for long."""
    tick = runner.lane.propose(round(now, 3), controls.ends)
    if tick is None:
        return None
    lane = runner.lane
    told = later(lane.ends, runner.proposed)
    moved = {topic: end for topic, end in tick.ends.items() if end > told.get(topic, 0)}
    due = not runner.asked and tick.time >= min(runner.core.due(), lane.time + IDLE)
    return msgspec.structs.replace(tick, ends=moved) if moved or due else None
