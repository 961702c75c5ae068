"""Pages to look at: the list, one incident, silences, the audit trail."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeVar, get_args

from aiohttp import web

from streams.alerts import wording
from streams.alerts.alert import ALERTNAME
from streams.console.console import Console, Visit
from streams.console.desk import Entry
from streams.console.forms import LASTING, VERDICTS
from streams.console.people import Person
from streams.incidents import picture
from streams.incidents.model import Domain, Incident, Severity, Stage, Status

T = TypeVar("T")
MOST = 50
"""Rows of one page of the list."""
MOST_ENTRIES = 100
WIDE, NARROW = 1000.0, 358.0
"""Widths of an incident's picture, in pixels: on a screen and on a phone."""
CHAIN: tuple[Stage, ...] = get_args(Stage)
RANK: dict[str, int] = {name: n for n, name in enumerate(reversed(get_args(Severity)))}
SHOWN = {
    "acknowledge": "Acknowledged.",
    "assign": "Assigned.",
    "note": "Noted.",
    "release": "Your release is recorded. Commands are lifted once a second person releases them too.",
    "verdict": "Judged. The incident closes, and the detectors behind it learn from your verdict.",
    "silence": "The silence is recorded.",
    "end": "The silence has ended.",
}
"""What a page says after something was done."""


class Views:
    """Everything that is only looked at."""

    def __init__(self, console: Console) -> None:
        self._console = console

    async def incidents(self, visit: Visit) -> web.Response:
        """List incidents: those that are open first, then by severity and risk, the latest first."""
        asked = {name: visit.request.query.get(name, "") for name in ("status", "severity", "site", "mine", "drills")}
        asked["status"] = asked["status"] or "live"
        all_of_them = [one for one in self._console.desk.incidents.values() if visit.person.sees(one.site)]
        there = [one for one in all_of_them if asked["drills"] or not one.drill]
        live = [one for one in there if one.status != "closed"]
        found = sorted((one for one in there if _asked_for(one, asked, visit.person)), key=_order)
        rows, more = _page(found, MOST, visit)
        return self._console.show(
            visit,
            "incidents.html",
            rows=rows,
            found=len(found),
            drills=sum(_asked_for(one, asked, visit.person) for one in all_of_them) - len(found),
            counts=Counter(one.severity for one in live),
            unacknowledged=sum(one.status == "open" and one.severity != "info" for one in live),
            sites=sorted({one.site for one in there}),
            asked=asked,
            statuses=get_args(Status),
            severities=tuple(RANK),
            **more,
        )

    async def incident(self, visit: Visit) -> web.Response:
        """Show one incident: picture, chain, evidence, what was done, and the forms of who may act."""
        return self.one(visit, self._console.incident(visit))

    def one(self, visit: Visit, incident: Incident, reason: str = "", status: int = 200) -> web.Response:
        """Show an incident, with the reason why a form was refused if there is one."""
        desk, settings = self._console.desk, self._console.settings
        zone = desk.zone(incident.site)
        return self._console.show(
            visit,
            "incident.html",
            status,
            incident=incident,
            zone=zone,
            pictures=[("wide", picture.draw(incident, WIDE, zone)), ("narrow", picture.draw(incident, NARROW, zone))],
            titles=picture.titles(),
            evidence=[desk.evidence(incident.site, step) for step in incident.timeline],
            chain=CHAIN,
            days=(incident.updated - min([step.time for step in incident.timeline], default=incident.opened)).days > 0,
            trail_rows=list(desk.trail(incident=incident)),
            may=visit.person.acts(incident.site),
            verdicts=VERDICTS,
            dashboard=wording.dashboard_url(settings.dashboards_url, incident),
            runbook=f"{settings.runbooks_url.rstrip('/')}/{ALERTNAME}",
            done=SHOWN.get(visit.request.query.get("done", ""), ""),
            reason=reason,
        )

    async def silences(self, visit: Visit) -> web.Response:
        """List announced work, and offer a form to announce more."""
        return self.works(visit, {name: visit.request.query.get(name, "") for name in ("site", "device")})

    def works(self, visit: Visit, form: dict[str, str], reason: str = "", status: int = 200) -> web.Response:
        """Show announced work, with the form as it was filled in and why it was refused if it was."""
        desk, now = self._console.desk, self._console.now()
        seen = [work for work in desk.works.values() if visit.person.sees(work.record.site)]
        works = sorted(seen, key=lambda work: (work.state(now) == "over", -work.announced.timestamp()))
        sites = {one.site for one in desk.incidents.values()} | {work.record.site for work in works}
        live = {one.site for one in desk.incidents.values() if one.status != "closed" and one.severity != "info"}
        return self._console.show(
            visit,
            "silences.html",
            status,
            works=works[: 2 * MOST],
            sites=sorted(site for site in sites | {*(visit.person.sites or ())} if visit.person.sees(site)),
            troubled=form.get("site", "") if form.get("site", "") in live and visit.person.sees(form["site"]) else "",
            form=form,
            domains=get_args(Domain),
            lasting=LASTING,
            may=visit.person.role == "analyst",
            done=SHOWN.get(visit.request.query.get("done", ""), ""),
            reason=reason,
        )

    async def audit(self, visit: Visit) -> web.Response:
        """Show who did what."""
        asked = {name: visit.request.query.get(name, "") for name in ("site", "by")}
        entries: list[Entry] = [
            entry
            for entry in self._console.desk.trail(visit.person.sites)
            if asked["site"] in ("", entry.site) and asked["by"] in ("", entry.by)
        ]
        rows, more = _page(entries, MOST_ENTRIES, visit)
        return self._console.show(visit, "audit.html", rows=rows, found=len(entries), asked=asked, **more)


def _asked_for(incident: Incident, asked: dict[str, str], person: Person) -> bool:
    status = asked["status"]
    return (
        (status == "all" or incident.status == status or (status == "live" and incident.status != "closed"))
        and asked["severity"] in ("", incident.severity)
        and asked["site"].strip().upper() in incident.site
        and (not asked["mine"] or incident.assigned == person.name)
    )


def _order(incident: Incident) -> tuple[Any, ...]:
    latest = -incident.updated.timestamp()
    if incident.status == "closed":
        return True, 0, 0.0, latest
    return False, RANK[incident.severity], -incident.risk, latest


def _page(rows: Sequence[T], most: int, visit: Visit) -> tuple[list[T], dict[str, int]]:
    """Cut out the page that is asked for."""
    pages = max(1, -(-len(rows) // most))
    text = visit.request.query.get("page", "1")
    number = min(max(int(text) if text.isdecimal() and len(text) < 6 else 1, 1), pages)
    return list(islice(rows, (number - 1) * most, number * most)), {"number": number, "pages": pages}
