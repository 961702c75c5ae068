"""The board: which incidents are open and which alerts stand for them. Pure; the time is always given."""

from datetime import UTC, datetime

from msgspec import Struct

from streams.alerts import wording
from streams.incidents.model import Incident, Ordered

ALERTNAME = "SiteIncident"
UNCONFIRMED = "CommandUnconfirmed"
REMEMBERED = 100_000
"""Closed incidents whose revision is remembered, so that a late repetition of an old one does not open it again."""
ENDED_KEPT = 3600.0
"""Seconds that an ended alert stays on the board, for an Alertmanager that is away when it ends."""
ENDED_MOST = 10_000

Labels = tuple[tuple[str, str], ...]


class Alert(Struct, frozen=True, kw_only=True):
    """One alert as it stands; `version` grows with every change of it. Times are unix seconds."""

    labels: Labels
    annotations: dict[str, str]
    starts: float
    ended: float | None
    known: float
    version: int


class Board:
    """Incidents by id in their newest revision, and the alerts that they ask for."""

    def __init__(self, dashboards_url: str, runbooks_url: str) -> None:
        self._dashboards_url = dashboards_url
        self._runbooks_url = runbooks_url.rstrip("/")
        self._revisions: dict[str, int] = {}
        self._labels: dict[str, set[Labels]] = {}
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
        self._raise(incident, now)
        return True

    def remove(self, incident_id: str, now: float) -> None:
        """Take down an incident that was deleted from the topic."""
        self.incidents.pop(incident_id, None)
        self._revisions.pop(incident_id, None)
        for labels in self._labels.pop(incident_id, set()):
            self._end(labels, now)

    def go_live(self) -> None:
        """Keep what ends from now on for a while, so that its end can be told: the past has been read.

        What ended while nobody was here needs no telling; Alertmanager lets it lapse.
        """
        self._live = True

    def prune(self, now: float) -> None:
        """Take down alerts that ended long ago."""
        ended = [(alert.ended, labels) for labels, alert in self.alerts.items() if alert.ended is not None]
        ended.sort(reverse=True)
        for position, (when, labels) in enumerate(ended):
            if position >= ENDED_MOST or now - when > ENDED_KEPT:
                del self.alerts[labels]

    def _raise(self, incident: Incident, now: float) -> None:
        """Let exactly those alerts stand that the incident asks for."""
        wanted = self._wanted(incident)
        for labels in self._labels.pop(incident.id, set()) - wanted.keys():
            self._end(labels, now)
        if wanted:
            self._labels[incident.id] = set(wanted)
        for labels, annotations in wanted.items():
            standing = self.alerts.get(labels)
            self.alerts[labels] = Alert(
                labels=labels,
                annotations=annotations,
                starts=min(incident.opened.timestamp(), now),
                ended=None,
                known=standing.known if standing and standing.ended is None else now,
                version=self._next(),
            )

    def _wanted(self, incident: Incident) -> dict[Labels, dict[str, str]]:
        wanted = {}
        own = identity(incident)
        if own is not None and incident.status != "closed":
            wanted[own] = self._annotations(incident, ALERTNAME, wording.summary(incident))
        for order in unheeded(incident):
            labels = {"alertname": UNCONFIRMED, "severity": "critical", "site": incident.site}
            labels |= {"incident_id": incident.id, "command": order.id}
            summary = wording.unconfirmed(incident, order)
            wanted[tuple(sorted(labels.items()))] = self._annotations(incident, UNCONFIRMED, summary)
        return wanted

    def _end(self, labels: Labels, now: float) -> None:
        standing = self.alerts.pop(labels, None)
        if standing and self._live:
            self.alerts[standing.labels] = Alert(
                labels=standing.labels,
                annotations=standing.annotations,
                starts=min(standing.starts, now),
                ended=now,
                known=now,
                version=self._next(),
            )

    def _annotations(self, incident: Incident, alertname: str, summary: str) -> dict[str, str]:
        hands = {"acknowledged": incident.acknowledged_by} if incident.acknowledged_by else {}
        return {
            **hands,
            "summary": summary,
            "description": wording.description(incident),
            "runbook_url": f"{self._runbooks_url}/{alertname}",
            "dashboard_url": wording.dashboard_url(self._dashboards_url, incident),
        }

    def _next(self) -> int:
        self._version += 1
        return self._version

    def _forget_old_revisions(self) -> None:
        if len(self._revisions) > REMEMBERED + len(self.incidents):
            oldest = next(key for key in self._revisions if key not in self.incidents)
            del self._revisions[oldest]


def identity(incident: Incident) -> Labels | None:
    """Labels of the alert that stands for this incident; None for `info`, which asks nobody to come now.

    Alertmanager tells about an alert once and then only when the set of alerts in its group changes. A second page
    must therefore be another alert: it carries `page`. Repeating by time would page without new evidence.
    """
    if incident.severity == "info":
        return None
    labels = {
        "alertname": ALERTNAME,
        "severity": incident.severity,
        "site": incident.site,
        "incident_id": incident.id,
    }
    if incident.severity == "critical" and incident.pages > 1:
        labels["page"] = str(incident.pages)
    return tuple(sorted(labels.items()))


def unheeded(incident: Incident) -> list[Ordered]:
    """List the automatic commands that the site has not carried out; once all is over only the release matters."""
    return [
        order
        for order in incident.commands
        if order.mode == "automatic"
        and (order.overdue or order.outcome == "failed")
        and (incident.status != "closed" or order.command == "release")
    ]


def moment(seconds: float) -> str:
    """RFC 3339 of a unix time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
