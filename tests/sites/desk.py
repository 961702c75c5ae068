"""A site under test: sources run as in the gateway, and what they publish is judged as the platform judges it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket
from typing import Any

from msgspec import json

from streams.incidents.backtest import Backtest
from streams.incidents.model import Finding, Incident
from streams.sites.source import Source
from streams.sites.supervisor import Supervisor
from streams.sites.wire import RefusedError
from streams.telemetry.decode import DOMAINS, TOPIC_OF, TOPICS, Arrival, decode
from streams.telemetry.envelope import Telemetry
from streams.telemetry.recording import Line

SITE = "FR-93-DUGNY"


class Desk:
    """Takes what sources publish; `slow_s` is how long the disk takes."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.lines: list[tuple[float, Line]] = []
        self.slow_s = 0.0
        self.fault: Exception | None = None
        self._news = asyncio.Event()

    @property
    def events(self) -> list[Any]:
        return [arrival.event for arrival in self.arrivals]

    async def publish_async(self, event: Telemetry | dict[str, Any] | bytes) -> None:
        await asyncio.sleep(self.slow_s)
        if self.fault is not None:
            raise self.fault
        raw = event if isinstance(event, bytes) else json.encode(event)
        domain = TOPICS[TOPIC_OF.get(_type(raw), "telemetry.power")]
        clock = time.time()
        taken, refused = decode(domain, SITE.encode(), raw, clock)
        if refused:
            raise RefusedError(refused[0])
        self.arrivals += taken
        self.lines.append((clock, Line(DOMAINS[domain].TOPIC, SITE.encode(), raw, clock, len(self.lines) + 1)))
        self._news.set()

    async def until(self, met: Callable[[list[Any]], bool], seconds: float = 40.0) -> list[Any]:
        """Wait until what was published meets a condition, and return it."""
        async with asyncio.timeout(seconds):
            while not met(self.events):
                self._news.clear()
                await self._news.wait()
        return self.events

    def findings(self, before: list[tuple[float, Line]] | None = None) -> Iterator[Finding]:
        """Run what was published, after a site's earlier life, through the very code that serves the stream."""
        for told in Backtest().run([*(before or []), *self.lines]):
            if told["event"] == "finding":
                yield told["finding"]

    def incidents(self, before: list[tuple[float, Line]] | None = None) -> list[Incident]:
        return [told["incident"] for told in Backtest().run([*(before or []), *self.lines]) if "incident" in told]


@asynccontextmanager
async def running(source: Source, folder: Path, desk: Desk) -> AsyncIterator[Supervisor]:
    """Run a source as the gateway does; returns once it is up."""
    supervisor = Supervisor(source, SITE, folder, desk)
    work = asyncio.create_task(supervisor.run())
    try:
        await condition(lambda: supervisor.up)
        yield supervisor
    finally:
        work.cancel()
        await asyncio.wait([work])


async def condition(met: Callable[[], bool], seconds: float = 40.0) -> None:
    """Wait for something that can't be awaited itself."""
    for _ in range(round(seconds * 100)):
        if met():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(f"not met within {seconds} s")


def free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _type(raw: bytes) -> str:
    try:
        return str(json.decode(raw).get("type"))
    except (ValueError, AttributeError):
        return ""
