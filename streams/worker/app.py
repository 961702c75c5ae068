"""The worker, composed: a Faust application whose agents decode and whose lanes decide."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from socket import gethostname
from tempfile import gettempdir
from threading import Thread
from time import monotonic, sleep, time
from typing import Any

from faust import SASLCredentials, SSLCredentials
from faust.transport.drivers import TRANSPORTS

from detectors import WAY
from detectors.compiled import SAID
from streams import metrics
from streams.process import UnusableError, collect_seldom, show
from streams.settings import Settings, aiokafka_config
from streams.telemetry.refusal import Refusal
from streams.topics import TopicsError, look, usual_count
from streams.worker.agents import Refused, bury, clock_agent, domain_agent
from streams.worker.clock import TELEMETRY
from streams.worker.controls import Controls
from streams.worker.core import Fatal, MakeCore, fail
from streams.worker.exchange import Exchange
from streams.worker.fetch import App, Tables
from streams.worker.gauges import Gauges
from streams.worker.kafka import REQUEST_S
from streams.worker.partitions import Partitions
from streams.worker.ticker import Ticker
from streams.worker.transport import SCHEME

log = logging.getLogger("tocsin.worker")

STALL = 60.0
"""Seconds that a partition may have something to do and do nothing."""
LEAVE = 20.0
"""Seconds that a graceful end may take."""


def make_app(settings: Settings) -> App:
    """Make the Faust application, with every default that bites overridden."""
    TRANSPORTS.aliases[SCHEME] = "streams.worker.transport:Transport"
    return App(
        settings.group,
        broker=";".join(f"{SCHEME}://{broker.strip()}" for broker in settings.brokers.split(",")),
        broker_credentials=credentials(settings),
        autodiscover=False,
        TableManager=Tables,
        datadir=str(Path(gettempdir(), "tocsin")),  # Faust makes this folder; without tables nothing goes into it
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        processing_guarantee="at_least_once",
        broker_session_timeout=12.0,
        broker_heartbeat_interval=3.0,
        broker_request_timeout=90.0,
        broker_commit_interval=1.0,
        stream_buffer_maxsize=16,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        producer_acks=-1,
        producer_linger=0.005,
        producer_max_batch_size=1 << 18,
        producer_max_request_size=8 << 20,
        producer_compression_type="lz4",
        producer_request_timeout=REQUEST_S,
    )


def credentials(settings: Settings) -> SASLCredentials | SSLCredentials | None:
    """Make Faust's idea of how to log in and encrypt."""
    given = aiokafka_config(settings)
    context = given.get("ssl_context")
    if settings.security_protocol.startswith("SASL"):
        return SASLCredentials(
            username=settings.sasl_username,
            password=settings.sasl_password,
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context) if context is not None else None


class Worker:
    """One worker process.

    Parameters
    ----------
    partitions
        How many partitions telemetry has.
    now
        Tells the time for the ticks, Unix seconds.
    """

    def __init__(
        self, settings: Settings, make_core: MakeCore, partitions: int, now: Callable[[], float] = time
    ) -> None:
        self.settings = settings
        self.app = make_app(settings)
        self.app.instance = gethostname() if settings.instance == "host" else settings.instance
        self.controls = Controls(Exchange(partitions) if settings.clock == "log" else None)
        self.partitions = Partitions(self.app, settings, self.controls, make_core)
        self.app.hooks = self.partitions
        runners = self.partitions.runners
        self.ticker = Ticker(runners, self.controls, settings.tick_s, now)
        for topic in TELEMETRY:
            domain_agent(self.app, topic, runners.get, self.ticker.urgent.set)
        clock_agent(self.app, runners.get)
        self.gauges = Gauges(runners)
        self._stop = asyncio.Event()
        self._alive = monotonic()

    async def serve(self) -> None:
        """Work until a signal says otherwise."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._interrupt)
        Thread(target=self._watch_loop, name="watchdog", daemon=True).start()
        server = show(self.settings, [metrics.WORKER], ready=self._ready)
        log.info(SAID[WAY])
        log.info("shows its metrics on %s/metrics", server.url)
        chores = [self.controls.follow(self.settings, self._refuse_control), self._watch_lanes()]
        if self.settings.clock == "wall":
            chores.append(self.ticker.run())
        tasks = [asyncio.create_task(self._chore(chore)) for chore in chores]
        await self.app.start()
        await self._stop.wait()
        log.info("saves its state and leaves the group")
        async with asyncio.timeout(LEAVE):
            await self.partitions.release(LEAVE / 2)
            await self.app.consumer.commit()
            for task in tasks:
                task.cancel()
            await self.app.stop()
        server.close()

    def _ready(self) -> str | None:
        """Say why the worker is not ready: it is when it has its partitions and their state."""
        return None if self.partitions.recovered else "waits for its partitions and their state"

    def _interrupt(self) -> None:
        if self._stop.is_set():
            os._exit(130)
        self._stop.set()

    async def _chore(self, chore: Coroutine[Any, Any, None]) -> None:
        with Fatal("a part of the worker stopped"):
            await chore

    async def _refuse_control(self, topic: str, offset: int, key: bytes | None, refusal: Refusal) -> None:
        """Bury a control record; every worker reads it, the owner of partition 0 does it."""
        runner = self.partitions.runners.get(0)
        if runner is not None:
            await bury(runner, topic, [Refused(offset, key, refusal)])

    async def _watch_lanes(self) -> None:
        live = self.settings.clock == "wall"
        while not self._stop.is_set():
            await asyncio.sleep(1.0)
            self._alive = monotonic()
            self.gauges.refresh()
            for runner in list(self.partitions.runners.values()):
                if runner.stalled(live) > STALL:
                    fail(f"for {STALL:.0f} s {runner.trouble()}")
            if self.app.crashed:
                fail("Faust gave up", self.app.crash_reason)

    def _watch_loop(self) -> None:
        """Watch from a thread of its own: a core that never returns stops the event loop too."""
        while not self._stop.is_set():
            sleep(1.0)
            if monotonic() - self._alive > STALL:
                fail(f"nothing went on for {STALL:.0f} s")


def run(settings: Settings, make_core: MakeCore, now: Callable[[], float] = time) -> None:
    """Run a worker until it is told to stop; whatever it does not expect ends the process with exit code 70.

    Raises
    ------
    TopicsError
        When Kafka does not answer or its topics are not as they must be.
    UnusableError
        When it can't show its metrics.
    """
    rows = look(settings)
    if wrong := [f"{row.topic.name}: {row.problem}" for row in rows if row.problem]:
        raise TopicsError("\n".join(wrong))

    async def main() -> UnusableError | None:
        try:
            await Worker(settings, make_core, usual_count(rows), now).serve()
        except UnusableError as error:
            return error
        return None

    collect_seldom()
    with Fatal("the worker could not go on"):
        unusable = asyncio.run(main())
    if unusable is not None:
        raise unusable
