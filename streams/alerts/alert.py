"""An alert, and which labels it stands under."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from streams.alerts import wording
from streams.alerts.flood import Page
from streams.incidents.model import Incident, Ordered
from streams.incidents.order import CONFIRM_S
from streams.incidents.silence import only_silence

ALERTNAME, UNCONFIRMED, FLOOD = "SiteIncident", "CommandUnconfirmed", "IncidentFlood"
Labels = tuple[tuple[str, str], ...]


class Alert(Struct, frozen=True, kw_only=True):
    """One alert as it stands; `version` grows with every change of it. Times are unix seconds."""

    labels: Labels
    annotations: dict[str, str]
    starts: float
    ended: float | None
    known: float
    version: int


def identity(incident: Incident, *, held: bool = False) -> Labels | None:
    """Labels of the alert that stands for this incident; None for `info`, which asks nobody to come now.

    Alertmanager tells about an alert once and then only when the set of alerts in its group changes. A second page
    must therefore be another alert: it carries `page`, and a further warning `warning`. Repeating by time would page
    without new evidence. Likewise `flood` marks what is `held` to be told together with others, and `evidence` a
    warning that rests on silence alone, which a fault of our own would explain.
    """
    if incident.severity == "info":
        return None
    labels = {
        "alertname": ALERTNAME,
        "severity": incident.severity,
        "region": wording.region(incident.site),
        "site": incident.site,
        "incident_id": incident.id,
    }
    if incident.severity == "critical" and incident.pages > 1:
        labels["page"] = str(incident.pages)
    if incident.severity == "warning" and incident.warnings > 1:
        labels["warning"] = str(incident.warnings)
    if held:
        labels["flood"] = "yes"
    if incident.severity == "warning" and only_silence(incident):
        labels["evidence"] = "silence"
    return tuple(sorted(labels.items()))


def ordered(incident: Incident, order: Ordered, *, held: bool = False) -> Labels:
    """Labels of the alert that stands for a command which the site has not carried out."""
    labels = {"alertname": UNCONFIRMED, "severity": "critical", "region": wording.region(incident.site)}
    labels |= {"site": incident.site, "incident_id": incident.id, "command": order.id}
    if held:
        labels["flood"] = "yes"
    return tuple(sorted(labels.items()))


def unheeded(incident: Incident) -> list[Ordered]:
    """List the automatic commands that the site has not carried out; once all is over only the release matters."""
    return [
        order
        for order in incident.commands
        if order.mode == "automatic"
        and incident.drill is None
        and (order.overdue or order.outcome == "failed")
        and (incident.status != "closed" or order.command == "release")
    ]


def pages(incident: Incident) -> dict[Page, datetime]:
    """List the pages that the incident asks for now, and since when it has."""
    asked = {(incident.id, order.id): order.time + timedelta(seconds=CONFIRM_S) for order in unheeded(incident)}
    if incident.severity == "critical" and incident.status != "closed":
        asked[own_page(incident)] = incident.paged[-1] if incident.paged else incident.updated
    return asked


def own_page(incident: Incident) -> Page:
    """Name the last page that is the incident's own."""
    return incident.id, str(incident.pages)


def digest(region: str, edition: int) -> Labels:
    """Labels of the alert that stands for a region's pages that wait."""
    labels = {"alertname": FLOOD, "severity": "critical", "region": region, "edition": str(edition)}
    return tuple(sorted(labels.items()))


def moment(seconds: float) -> str:
    """RFC 3339 of a unix time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
