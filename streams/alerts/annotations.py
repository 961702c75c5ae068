"""Writes what happens to incidents into Grafana as annotations, each once."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import NamedTuple

from msgspec.structs import replace

from streams import metrics
from streams.alerts import wording
from streams.alerts.grafana import Grafana, GrafanaError
from streams.alerts.sink import Sink, SinkError
from streams.incidents.model import Incident, Step

MOST_PENDING = 10_000
"""Incidents that wait for a Grafana that is away; beyond, the longest waiting is given up and counted as dropped."""


class Mark(NamedTuple):
    """One annotation that an incident asks for; `kind` is its tag and what makes it unique within the incident."""

    kind: str
    moment: datetime
    title: str
    text: str


class Annotations(Sink):
    """One Grafana. Which annotations an incident needs follows from its latest state and what Grafana already has.

    So nothing need be remembered across restarts, an incident that changes faster than Grafana answers costs one call,
    and after an outage every incident that changed in it is brought up to date. Each links to its incident's dashboard
    below `dashboards_url`.
    """

    def __init__(self, grafana: Grafana, dashboards_url: str, now: Callable[[], float]) -> None:
        super().__init__("grafana")
        self._grafana = grafana
        self._dashboards_url = dashboards_url
        self._now = now
        self._pending: dict[str, Incident] = {}
        self._written: dict[str, set[str]] = {}
        self._since: dict[str, float] = {}

    def offer(self, incident: Incident) -> None:
        """Note the latest state; the wait is bounded."""
        self._pending[incident.id] = incident
        self._since.setdefault(incident.id, self._now())
        if len(self._pending) > MOST_PENDING:
            longest = next(iter(self._pending))
            del self._pending[longest], self._since[longest]
            metrics.NOTIFICATIONS.labels(self.name, "dropped").inc()
        super().offer(incident)

    async def bring(self) -> None:
        """Add what is missing, one incident after the other, in a thread: the client blocks."""
        while self._pending:
            metrics.SINK_PENDING.labels(self.name).set(len(self._pending))
            incident = next(iter(self._pending.values()))
            try:
                await asyncio.to_thread(self._complete, incident)
            except GrafanaError as error:
                raise SinkError(str(error)) from error
            metrics.SINK_UP.labels(self.name).set(1)
            if self._pending.get(incident.id) is incident:
                del self._pending[incident.id]
                since = self._since.pop(incident.id)
                metrics.NOTIFY_DELAY.labels(self.name).observe(max(0.0, self._now() - since))
            if incident.status == "closed":
                self._written.pop(incident.id, None)
        metrics.SINK_PENDING.labels(self.name).set(0)

    def _complete(self, incident: Incident) -> None:
        identity = ["tocsin", f"incident:{incident.id}"]
        if incident.id not in self._written:
            found = self._grafana.annotations(identity)
            self._written[incident.id] = {str(tag) for annotation in found for tag in annotation.get("tags", ())}
        link = escape(wording.dashboard_url(self._dashboards_url, incident))
        for mark in marks(incident):
            if mark.kind in self._written[incident.id]:
                continue
            tags = [*identity, f"site:{incident.site}", mark.kind]
            text = f'<a href="{link}">{escape(mark.title)}</a> {escape(mark.text)}'
            self._grafana.annotate(wording.milliseconds(mark.moment), tags, text)
            self._written[incident.id].add(mark.kind)
            metrics.NOTIFICATIONS.labels(self.name, "delivered").inc()


def marks(incident: Incident) -> list[Mark]:
    """Say which annotations an incident needs: opening, severities, later pages and warnings, who took it on, its end.

    One that paged also gets the first sign of each step of its chain.
    """
    line = wording.summary(incident)
    wanted = [Mark("opened", incident.opened, "Incident opened.", line)]
    if incident.severity != "info":
        wanted.append(Mark(incident.severity, incident.updated, f"Now {incident.severity}.", line))
    if incident.pages > 1:
        wanted.append(Mark(f"page-{incident.pages}", incident.updated, f"Page {incident.pages}.", line))
    if incident.severity == "warning" and incident.warnings > 1:
        wanted.append(Mark(f"warning-{incident.warnings}", incident.updated, f"Warning {incident.warnings}.", line))
    if incident.acknowledged_by and incident.closed is None:
        who = f"Acknowledged by {incident.acknowledged_by}."
        wanted.append(Mark(f"acknowledged-{incident.pages}", incident.updated, who, line))
    if incident.pages:
        wanted += [_first(incident, step) for step in _firsts(incident)]
    if incident.closed is not None:
        verdict = f" Verdict: {incident.verdict}." if incident.verdict else ""
        wanted.append(Mark("closed", incident.closed, f"Incident closed.{verdict}", line))
    return wanted


def _first(incident: Incident, step: Step) -> Mark:
    line = wording.summary(replace(incident, summary=step.summary))
    return Mark(f"step-{step.stage}", step.time, f"Step {step.stage}.", line)


def _firsts(incident: Incident) -> list[Step]:
    """Find the first entry of the timeline of each step."""
    firsts: dict[str, Step] = {}
    for step in incident.timeline:
        firsts.setdefault(step.stage, step)
    return list(firsts.values())
