"""What sinks have in common: each is woken, looks at the board, brings what is new, and waits longer after failures."""

import asyncio
import logging
from abc import ABC, abstractmethod

from streams import metrics
from streams.incidents.model import Incident

log = logging.getLogger(__name__)


class SinkError(Exception):
    """The sink did not take it now; the message says why and what to do."""


class Sink(ABC):
    """One destination with a task of its own. `name` is its label in the metrics and in the log."""

    period = 1.0
    """Seconds between two looks at the board when nothing wakes it."""
    patience = 10.0
    """Most seconds between two attempts while it can't be reached."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._woken = asyncio.Event()
        self._failures = 0

    def offer(self, incident: Incident) -> None:
        """Hear of a change. Never blocks."""
        self._woken.set()

    @abstractmethod
    async def bring(self) -> None:
        """Bring what is new; raises `SinkError` when it can't be brought now."""

    async def run(self) -> None:
        """Bring, for ever."""
        while True:
            self._woken.clear()
            try:
                await self.bring()
            except SinkError as reason:
                await self._wait_longer(reason)
            else:
                self._succeeded()
                await self._wait()

    def _succeeded(self) -> None:
        if self._failures:
            log.warning("%s is back after %d failed attempts", self.name, self._failures)
        self._failures = 0

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self.period):  # wait_for() of Python 3.11 may swallow a cancellation
                await self._woken.wait()
        except TimeoutError:
            return

    async def _wait_longer(self, reason: SinkError) -> None:
        metrics.SINK_UP.labels(self.name).set(0)
        metrics.NOTIFICATIONS.labels(self.name, "failed").inc()
        if not self._failures:
            log.error("%s: %s Trying again until it answers; nothing is lost meanwhile.", self.name, reason)
        pause = min(self.patience, 0.5 * 2 ** min(self._failures, 10))
        self._failures += 1
        await asyncio.sleep(pause)
