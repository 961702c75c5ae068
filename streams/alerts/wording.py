"""An incident in words and links: what the person who is woken reads first."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from streams.incidents.model import Incident, Ordered, Step

FIRST, LAST = 4, 12
"""How many entries of a long timeline are told: how it began, and where it stands."""
MOST_SITES = 40
"""How many sites a digest tells; the riskiest come first."""


def region(site: str) -> str:
    """Say which region a site lies in: what stands before its first hyphen, the country in `FR-93-DUGNY`."""
    return site.partition("-")[0]


def summary(incident: Incident) -> str:
    """One line that names the site, e.g. for a phone's lock screen."""
    said = incident.summary if incident.site in incident.summary else f"{incident.site}: {incident.summary}"
    return f"DRILL, not an attack. {said}" if incident.drill else said


def unconfirmed(incident: Incident, order: Ordered) -> str:
    """Tell that a site does not do what it is told."""
    what = order.command.replace("_", " ")
    became = f"failed, says {order.by}" if order.outcome == "failed" else "was not confirmed in time"
    return f"{incident.site}: the automatic {what} of {_moment(order.time)} {became}. See to it by hand."


def description(incident: Incident) -> str:
    """Tell what is known and the timeline, one entry a line."""
    span = f"Since {_moment(incident.opened)}, last change {_moment(incident.updated)}."
    risk = f"Risk {incident.risk:.0%}; seen by {_listed(incident.domains)}."
    return "\n".join([f"{span} {risk}", *_hands(incident), *_told(incident.timeline)])


def _hands(incident: Incident) -> list[str]:
    """Say who has it in hand, and what was said last."""
    hands = [f"Acknowledged by {incident.acknowledged_by}."] if incident.acknowledged_by else []
    hands += [f"Assigned to {incident.assigned}."] if incident.assigned else []
    hands += [f"{note.by}: {note.note}" for note in incident.notes[-1:]]
    return [" ".join(hands)] if hands else []


def flood_summary(place: str, incidents: Sequence[Incident], more: int, undone: int) -> str:
    """One line for what of a region waits to be seen to: so many incidents' pages, and commands not carried out."""
    worst = max(incidents, key=lambda incident: (incident.risk, incident.site))
    sites = len({incident.site for incident in incidents})
    parts = [f"{more} more critical {'incident' if more == 1 else 'incidents'}"] if more else []
    parts += [f"{undone} {'command' if undone == 1 else 'commands'} not carried out"] if undone else []
    where = f"at {sites} {'site' if sites == 1 else 'sites'}"
    return f"{place}: {' and '.join(parts)} {where}, told together. The riskiest is {worst.site} ({worst.risk:.0%})."


def flood_description(incidents: Sequence[Incident]) -> str:
    """Tell each site's riskiest incident, the riskiest site first, one a line."""
    sites: dict[str, Incident] = {}
    for incident in sorted(incidents, key=lambda incident: (-incident.risk, incident.site, incident.id)):
        sites.setdefault(incident.site, incident)
    lines = [f"{one.risk:.0%} {summary(one)}" for one in sites.values()]
    if len(lines) > MOST_SITES:
        return "\n".join([*lines[:MOST_SITES], f"… {len(lines) - MOST_SITES} more sites …"])
    return "\n".join(lines)


def fleet_url(base: str) -> str:
    """Link to the dashboard of all sites."""
    return f"{base.rstrip('/')}/d/tocsin-fleet"


def dashboard_url(base: str, incident: Incident) -> str:
    """Link to the incident's dashboard, an hour of what came before included."""
    closed = incident.closed
    window = {
        "var-site": incident.site,
        "var-incident": incident.id,
        "from": milliseconds(incident.opened - timedelta(hours=1)),
        "to": milliseconds(closed + timedelta(hours=1)) if closed else "now",
    }
    return f"{base.rstrip('/')}/d/tocsin-incident?{urlencode(window)}"


def milliseconds(moment: datetime) -> int:
    """Unix time in ms, as Grafana counts."""
    return int(moment.timestamp() * 1000)


def _told(timeline: list[Step]) -> list[str]:
    lines = [f"{_moment(step.time)} {step.domain} {step.device}: {step.summary}" for step in timeline]
    if len(lines) <= FIRST + LAST:
        return lines
    return [*lines[:FIRST], f"… {len(lines) - FIRST - LAST} more …", *lines[-LAST:]]


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
