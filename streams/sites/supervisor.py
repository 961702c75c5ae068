"""Keeps sources running: restarts the fallen with back-off, and tells which of them live."""

import asyncio
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol

from streams import metrics
from streams.sites.source import PATIENCE_S, Source, SourceError
from streams.telemetry.alarm import AlarmHeartbeat
from streams.telemetry.envelope import Telemetry

log = logging.getLogger("tocsin.gateway")

FIRST_S, LONGEST_S = 1.0, 60.0
"""Back-off after the first failure, and at most; each is drawn between half of it and all of it."""
TOLD_A_MINUTE = 30
"""Refusals of a source that are logged one by one each minute; the metric counts all."""
STEADY_S = 60.0
"""A source that worked for so long is forgiven its earlier failures."""


class Publish(Protocol):
    """What the gateway needs of a publisher."""

    async def publish_async(self, event: Telemetry | dict[str, Any] | bytes) -> None:
        """Return once the event is safe on disk."""
        ...


class Supervisor:
    """One source, kept running; it is that source's `Outlet`.

    Parameters
    ----------
    source
        What to run.
    site, folder
        The site's id, and where its `site.toml` lies.
    publisher
        Where its objects go.
    dice
        Spreads the restarts of many gateways after a common fault.
    """

    def __init__(self, source: Source, site: str, folder: Path, publisher: Publish, dice: Random | None = None) -> None:
        self.source = source
        self.site = site
        self.folder = folder
        self.restarts = 0
        self._publisher = publisher
        self._dice = dice or Random()
        self._heard = -PATIENCE_S
        self._up = False
        self._minute, self._told = 0.0, 0
        for metric in (metrics.SOURCE_EVENTS, metrics.SOURCE_REFUSED, metrics.SOURCE_RESTARTS, metrics.SOURCE_UP):
            metric.labels(source.name)

    def now(self) -> datetime:
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    async def publish(self, event: Telemetry | dict[str, Any] | bytes) -> None:
        await self._publisher.publish_async(event)
        metrics.SOURCE_EVENTS.labels(self.source.name).inc()

    def alive(self) -> None:
        self._heard = time.monotonic()
        self._show(up=True)

    def refuse(self, reason: str) -> None:
        metrics.SOURCE_REFUSED.labels(self.source.name).inc()
        now = time.monotonic()
        if now - self._minute >= 60.0:
            if self._told > TOLD_A_MINUTE:
                log.warning("%s: %d more were refused.", self.source.name, self._told - TOLD_A_MINUTE)
            self._minute, self._told = now, 0
        self._told += 1
        if self._told <= TOLD_A_MINUTE:
            log.warning("%s: refused: %s", self.source.name, reason)

    @property
    def up(self) -> bool:
        """Whether the source works: it runs and said so lately."""
        if self._up and time.monotonic() - self._heard > PATIENCE_S:
            log.error("%s (%s) has been silent for %.0f s.", self.source.name, self.source.where(), PATIENCE_S)
            self._show(up=False)
        return self._up

    def heartbeat(self) -> AlarmHeartbeat:
        """Make the supervision message of the path through this source; one that is not up sends none.

        It is the site's way to say that a source fell silent: the platform misses what comes by the clock and stops.
        """
        device = f"gateway-{self.source.name}"
        return AlarmHeartbeat(site=self.site, device=device, time=self.now(), path="ip")

    async def run(self) -> None:
        """Run the source until it has nothing more to send; cancel to stop."""
        pause = FIRST_S
        while True:
            began = time.monotonic()
            error = await self._once()
            if error is None:
                log.info("%s: nothing more to come.", self.source.name)
                return
            self._fell(error)
            if time.monotonic() - began > STEADY_S:
                pause = FIRST_S
            await asyncio.sleep(pause * self._dice.uniform(0.5, 1.0))
            pause = min(2 * pause, LONGEST_S)

    async def _once(self) -> Exception | None:
        """Run the source once; return what it died of, whatever that is: the others go on."""
        work = asyncio.ensure_future(self.source.run(self))
        try:
            await asyncio.wait([work])
        finally:
            self._show(up=False)
            if not work.done():
                work.cancel()
                await asyncio.wait([work])
        error = work.exception()
        if error is None or isinstance(error, Exception):
            return error
        raise error

    def _fell(self, error: Exception) -> None:
        """Tell it and count it; the missing heartbeat tells the platform."""
        self.restarts += 1
        metrics.SOURCE_RESTARTS.labels(self.source.name).inc()
        leaves = list(_leaves(error))
        expected = all(isinstance(leaf, OSError | TimeoutError | SourceError) for leaf in leaves)
        text = "; ".join(dict.fromkeys(str(leaf) or type(leaf).__name__ for leaf in leaves))
        log.error(
            "%s (%s) fell silent: %s; it is started again.",
            *(self.source.name, self.source.where(), text),
            exc_info=None if expected else error,
        )

    def _show(self, *, up: bool) -> None:
        if up and not self._up:
            log.info("%s is up (%s).", self.source.name, self.source.where())
        self._up = up
        metrics.SOURCE_UP.labels(self.source.name).set(up)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
