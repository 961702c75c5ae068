"""The board: which incidents are open and which alerts stand for them. Pure; the time is always given."""

from datetime import datetime

from msgspec.structs import replace

from streams.alerts import wording
from streams.alerts.alert import (
    ALERTNAME,
    FLOOD,
    UNCONFIRMED,
    Alert,
    Labels,
    digest,
    identity,
    ordered,
    own_page,
    pages,
    unheeded,
)
from streams.alerts.flood import Flood, Page
from streams.incidents.model import Incident

REMEMBERED = 100_000
"""Closed incidents whose revision is remembered, so that a late repetition of an old one does not open it again."""
ENDED_KEPT = 3600.0
"""Seconds that an ended alert stays on the board, for an Alertmanager that is away when it ends."""
ENDED_MOST = 10_000


class Board:
    """Incidents by id in their newest revision, and the alerts that they ask for.

    In a flood, pages beyond what goes out alone say `flood`, which keeps them from the pager, and one digest a region
    tells them there. Warnings beyond what goes out alone say it too, and the shift gets them as one list.
    """

    def __init__(self, dashboards_url: str, runbooks_url: str, console_url: str, flood: Flood, warnings: Flood) -> None:
        self._dashboards_url = dashboards_url
        self._runbooks_url = runbooks_url.rstrip("/")
        self._console_url = console_url.rstrip("/")
        self._flood = flood
        self._warnings = warnings
        self._revisions: dict[str, int] = {}
        self._labels: dict[str, set[Labels]] = {}
        self._asking: dict[str, tuple[Incident, dict[Page, datetime]]] = {}
        self._told: dict[str, tuple[int, set[Page]]] = {}
        self._version = 0
        self._live = False
        self.incidents: dict[str, Incident] = {}
        self.alerts: dict[Labels, Alert] = {}

    def put(self, incident: Incident, now: float) -> bool:
        """Take in a revision; False when this or a newer one is already known."""
        if self._revisions.get(incident.id, -1) >= incident.revision:
            return False
        self._revisions.pop(incident.id, None)
        self._revisions[incident.id] = incident.revision
        if incident.status == "closed":
            self.incidents.pop(incident.id, None)
            self._forget_old_revisions()
        else:
            self.incidents[incident.id] = incident
        if self._live or incident.status == "closed":
            self._raise(incident, now)
        return True

    def knows(self, incident_id: str) -> bool:
        """Whether this incident was read, be it closed by now."""
        return incident_id in self._revisions

    def remove(self, incident_id: str, now: float) -> None:
        """Take down an incident that was deleted from the topic."""
        self.incidents.pop(incident_id, None)
        self._revisions.pop(incident_id, None)
        self._ask(incident_id, None, {})
        self._warnings.forget(_warning(incident_id))
        for labels in self._labels.pop(incident_id, set()):
            self._take_down(labels, now)

    def go_live(self, now: float) -> None:
        """Raise alerts, now that the past has been read; from now on, keep what ends for a while to tell its end.

        What ended while nobody was here is not on the board; whoever brings alerts ends what stands without being here.
        Which pages went out alone follows from when they were decided, so that who restarts does not page again.
        """
        self._live = True
        there = list(self.incidents.values())
        asked = [(when, page, one) for one in there for page, when in pages(one).items()]
        for when, page, incident in sorted(asked, key=lambda each: each[:2]):
            then = min(when.timestamp(), now)
            self._flood.release(then)
            self._goes_alone(page, incident, then)
        for incident in sorted(there, key=lambda one: one.opened):
            self._warns_alone(incident, min(incident.opened.timestamp(), now))
            self._raise(incident, now)
        self.tend(now)

    def tend(self, now: float) -> None:
        """Let time pass: pages that waited may go out, or their digest has more to tell."""
        for name, _ in self._flood.release(now):
            self._raise(self._asking[name][0], now)
        regions: dict[str, dict[Page, Incident]] = {}
        for page in self._flood.waiting:
            incident, _ = self._asking[page[0]]
            regions.setdefault(wording.region(incident.site), {})[page] = incident
        for region in {*regions, *self._told}:
            self._digest(region, regions.get(region, {}), now)

    def prune(self, now: float) -> None:
        """Take down alerts that ended long ago."""
        ended = [(alert.ended, labels) for labels, alert in self.alerts.items() if alert.ended is not None]
        ended.sort(reverse=True)
        for position, (when, labels) in enumerate(ended):
            if position >= ENDED_MOST or now - when > ENDED_KEPT:
                del self.alerts[labels]

    def _raise(self, incident: Incident, now: float) -> None:
        """Let exactly those alerts stand that the incident asks for."""
        wanted = self._wanted(incident, now)
        for labels in self._labels.pop(incident.id, set()) - wanted.keys():
            self._take_down(labels, now)
        if wanted:
            self._labels[incident.id] = set(wanted)
        for labels, annotations in wanted.items():
            # Alertmanager waits before it tells of a group only while its alerts are young.
            waits = not {"flood", "evidence"}.isdisjoint(dict(labels))
            self._put_up(labels, annotations, now if waits else min(incident.opened.timestamp(), now), now)

    def _wanted(self, incident: Incident, now: float) -> dict[Labels, dict[str, str]]:
        asked = pages(incident)
        self._ask(incident.id, incident, asked)
        alone = {page: self._goes_alone(page, incident, now) for page in asked}
        wanted = {}
        own = identity(incident, held=not alone.get(own_page(incident), self._warns_alone(incident, now)))
        if own is not None and incident.status != "closed":
            wanted[own] = self._annotations(incident, ALERTNAME, wording.summary(incident))
        for order in unheeded(incident):
            labels = ordered(incident, order, held=not alone[incident.id, order.id])
            wanted[labels] = self._annotations(incident, UNCONFIRMED, wording.unconfirmed(incident, order))
        return wanted

    def _ask(self, name: str, incident: Incident | None, asked: dict[Page, datetime]) -> None:
        """Note which pages an incident asks for, and forget those that it does not any more."""
        _, before = self._asking.pop(name, (None, {}))
        for page in before.keys() - asked.keys():
            self._flood.forget(page)
        if incident is not None and asked:
            self._asking[name] = incident, asked

    def _goes_alone(self, page: Page, incident: Incident, now: float) -> bool:
        alone = self._flood.take(page, now)
        if incident.status == "acknowledged" and page == own_page(incident):
            self._flood.seen_to(page)
        return alone

    def _warns_alone(self, incident: Incident, now: float) -> bool:
        """Say whether a warning is told by itself; those that are not wait for nothing, the list has them."""
        warning = _warning(incident.id)
        if incident.severity != "warning" or incident.status == "closed":
            self._warnings.forget(warning)
            return True
        alone = self._warnings.take(warning, now)
        self._warnings.seen_to(warning)
        return alone

    def _digest(self, region: str, waiting: dict[Page, Incident], now: float) -> None:
        """Stand for all pages of a region that wait; what has more to tell is another alert, as a second page is."""
        before, told = self._told.pop(region, (0, set()))
        edition = before
        if self._flood.edition > before and not set(waiting) <= told:
            edition, told = self._flood.edition, set(waiting)
        if waiting and edition:
            self._told[region] = edition, told
            self._print(digest(region, edition), region, waiting, now)
        if edition != before or not waiting:
            self._take_down(digest(region, before), now)  # last, so that no moment is without one

    def _print(self, labels: Labels, region: str, waiting: dict[Page, Incident], now: float) -> None:
        incidents = list({one.id: one for one in waiting.values()}.values())
        more = sum(page == own_page(incident) for page, incident in waiting.items())
        annotations = {
            "summary": wording.flood_summary(region, incidents, more, len(waiting) - more),
            "description": wording.flood_description(incidents),
            "runbook_url": f"{self._runbooks_url}/{FLOOD}",
            "dashboard_url": wording.fleet_url(self._dashboards_url),
        }
        standing = self.alerts.get(labels)
        if standing is None or standing.annotations != annotations:
            self._put_up(labels, annotations, now, now)

    def _put_up(self, labels: Labels, annotations: dict[str, str], starts: float, now: float) -> None:
        standing = self.alerts.get(labels)
        lasts = standing is not None and standing.ended is None
        self.alerts[labels] = Alert(
            labels=labels,
            annotations=annotations,
            starts=standing.starts if standing and lasts else starts,
            ended=None,
            known=standing.known if standing and lasts else now,
            version=self._next(),
        )

    def _take_down(self, labels: Labels, now: float) -> None:
        standing = self.alerts.pop(labels, None)
        if standing and self._live:
            self.alerts[labels] = replace(
                standing, starts=min(standing.starts, now), ended=now, known=now, version=self._next()
            )

    def _annotations(self, incident: Incident, alertname: str, summary: str) -> dict[str, str]:
        hands = {"acknowledged": incident.acknowledged_by} if incident.acknowledged_by else {}
        return {
            **hands,
            "summary": summary,
            "description": wording.description(incident),
            "runbook_url": f"{self._runbooks_url}/{alertname}",
            "console_url": f"{self._console_url}/incidents/{incident.id}",
            "dashboard_url": wording.dashboard_url(self._dashboards_url, incident),
        }

    def _next(self) -> int:
        self._version += 1
        return self._version

    def _forget_old_revisions(self) -> None:
        if len(self._revisions) > REMEMBERED + len(self.incidents):
            oldest = next(key for key in self._revisions if key not in self.incidents)
            del self._revisions[oldest]


def _warning(incident_id: str) -> Page:
    return incident_id, "warning"
