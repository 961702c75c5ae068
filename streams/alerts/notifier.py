"""The notifier: reads incidents and lets every sink bring them to where people look."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from streams import metrics
from streams.alerts import topic
from streams.alerts.alertmanager import Alertmanager
from streams.alerts.annotations import Annotations
from streams.alerts.board import Board
from streams.alerts.flood import Flood
from streams.alerts.gauges import Gauges
from streams.alerts.grafana import Grafana
from streams.alerts.sink import Sink
from streams.alerts.topic import CaughtUp, Deleted
from streams.incidents.model import Incident
from streams.settings import Settings

CLOSED_KEPT = 86_400.0
"""Seconds after which a closed incident is no news any more to a notifier that starts."""
TEND = 0.5
"""Seconds between two looks at what time alone changes."""

Source = AsyncIterator[Incident | Deleted | CaughtUp]


class Notifier:
    """Keeps the board, one task a sink. Everything happens in the event loop that `run` runs in.

    Until the past has been read (`CaughtUp`) nothing is brought anywhere: an incident that was open once and is closed
    by now must not page.
    """

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._now = now
        self._live = asyncio.Event()
        self._just_closed: dict[str, Incident] = {}
        flood = Flood(settings.flood_pages, settings.flood_s)
        warnings = Flood(settings.flood_warnings, settings.flood_s)
        self.board = Board(settings.dashboards_url, settings.runbooks_url, settings.console_url, flood, warnings)
        self.sinks: list[Sink] = [Gauges(self.board, now)]
        self.sinks += [Alertmanager(url, self.board, settings, now) for url in settings.alertmanagers]
        if settings.grafana_url:
            self.sinks.append(Annotations(Grafana.of(settings), settings.dashboards_url, now))

    def unready(self) -> str | None:
        """Say why it is not yet of use; None when it is."""
        return None if self._live.is_set() else "reading the incidents so far"

    async def run(self, source: Source | None = None) -> None:
        """Follow the source (Kafka's topic where none is given) until cancelled.

        Raises an `ExceptionGroup` when a task fails for a reason that is not a sink's being away: a notifier that
        works by half is worse than one that the supervisor starts again.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(topic.incidents(self._settings) if source is None else source))
            tasks.create_task(self._tend())
            for sink in self.sinks:
                tasks.create_task(self._serve(sink))

    async def _serve(self, sink: Sink) -> None:
        await self._live.wait()
        await sink.run()

    async def _follow(self, source: Source) -> None:
        async for record in source:
            if isinstance(record, CaughtUp):
                self._go_live()
            elif isinstance(record, Deleted):
                self._just_closed.pop(record.id, None)
                self.board.remove(record.id, self._now())
            else:
                self._receive(record)

    def _receive(self, incident: Incident) -> None:
        if incident.drill == "quiet":
            return
        before = self.board.incidents.get(incident.id)
        if not self.board.put(incident, self._now()):
            metrics.INCIDENTS_READ.labels("repeated").inc()
            return
        metrics.INCIDENTS_READ.labels("new").inc()
        if self._live.is_set():
            _count(before, incident)
            for sink in self.sinks:
                sink.offer(incident)
        elif incident.closed is not None and self._now() - incident.closed.timestamp() < CLOSED_KEPT:
            self._just_closed[incident.id] = incident

    def _go_live(self) -> None:
        self._live.set()
        self.board.go_live(self._now())
        for incident in [*self.board.incidents.values(), *self._just_closed.values()]:
            for sink in self.sinks:
                sink.offer(incident)
        self._just_closed.clear()

    async def _tend(self) -> None:
        await self._live.wait()
        while True:
            await asyncio.sleep(TEND)
            self.board.tend(self._now())
            self.board.prune(self._now())


def _count(before: Incident | None, incident: Incident) -> None:
    metrics.PAGES.inc(max(0, incident.pages - (before.pages if before else 0)))
    if incident.paged and not (before and before.pages):
        first = min((step.time for step in incident.timeline), default=incident.opened)
        metrics.PAGE_DELAY.observe((incident.paged[0] - first).total_seconds())
    if incident.verdict and (before is None or before.verdict != incident.verdict):
        _judged(incident, incident.verdict)


def _judged(incident: Incident, verdict: str) -> None:
    metrics.VERDICTS.labels(verdict).inc()
    for detector in {step.detector for step in incident.timeline}:
        metrics.DETECTOR_VERDICTS.labels(detector, verdict).inc()
    if verdict != "test":
        metrics.JUDGED_RISK.labels("yes" if verdict == "true_positive" else "no").observe(incident.risk)


@contextmanager
def running(settings: Settings) -> Iterator[Notifier]:
    """Run a notifier in a thread of its own, for a program that does other things as well.

    Leaving the block stops it; if it has failed meanwhile, its exception is raised there.
    """
    notifier = Notifier(settings)
    failures: list[BaseException] = []
    started = Event()
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        task = asyncio.ensure_future(notifier.run())
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(task.cancel))
        started.set()
        try:
            await task
        except asyncio.CancelledError:
            return
        except BaseExceptionGroup as failure:
            failures.append(failure)

    thread = Thread(target=asyncio.run, args=(main(),), name="notifier", daemon=True)
    thread.start()
    started.wait()
    try:
        yield notifier
    finally:
        if thread.is_alive():
            stop[0]()
        thread.join()
    if failures:
        raise failures[0]
