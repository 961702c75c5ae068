"""A shift as figures, counted from the records that it left. Pure."""

from collections import Counter
from datetime import datetime
from statistics import median
from typing import Any

from msgspec import Struct

from streams.incidents.model import Finding, Incident

FALSE = ("false_positive", "benign")
"""Verdicts by which a page was false."""


class Page(Struct, frozen=True):
    """One page; delays in seconds, of a first page, from the first sign and from the first of a second domain."""

    time: datetime
    site: str
    incident: str
    number: int
    delay_s: float | None
    delay_second_domain_s: float | None
    verdict: str | None
    acknowledged_by: str | None
    summary: str


class Site(Struct):
    """What there is to say of one site."""

    site: str
    pages: int = 0
    false_pages: int = 0
    findings: int = 0
    open: int = 0
    devices: int = 0
    silent_devices: int = 0
    coverage: float | None = None


class Shift(Struct, frozen=True, kw_only=True):
    """The whole report.

    Attributes
    ----------
    findings
        Counts by detector.
    verdicts
        Counts by verdict, of incidents judged in the shift.
    dead_letters
        Counts by reason.
    """

    since: datetime
    until: datetime
    pages: list[Page]
    false_pages: int
    delay_s: float | None
    delay_second_domain_s: float | None
    open_incidents: int
    unacknowledged: int
    verdicts: dict[str, int]
    findings: dict[str, int]
    silent_devices: int
    coverage: float | None
    dead_letters: dict[str, int]
    sites: list[Site]


class Records(Struct):
    """What the topics hold of the shift.

    Attributes
    ----------
    incidents
        The latest revision of each, whenever it was.
    verdicts
        What was said in the shift, by incident: the last word.
    devices
        By site: how many of its devices are live, and how many are known.
    """

    incidents: dict[str, Incident]
    findings: list[Finding]
    verdicts: dict[str, str]
    dead_letters: Counter[str]
    devices: dict[str, tuple[int, int]]


def tell(records: Records, since: datetime, until: datetime) -> Shift:
    """Count a shift."""
    verdicts = {name: one.verdict for name, one in records.incidents.items() if _judged(one, since, until)}
    verdicts |= records.verdicts
    pages = sorted(_pages(records, verdicts, since, until), key=lambda page: (page.time, page.incident, page.number))
    waiting = [one for one in records.incidents.values() if one.status != "closed"]
    known = sum(number for _, number in records.devices.values())
    live = sum(number for number, _ in records.devices.values())
    return Shift(
        since=since,
        until=until,
        pages=pages,
        false_pages=sum(page.verdict in FALSE for page in pages),
        delay_s=_median([page.delay_s for page in pages]),
        delay_second_domain_s=_median([page.delay_second_domain_s for page in pages]),
        open_incidents=len(waiting),
        unacknowledged=sum(one.status == "open" and one.severity == "critical" for one in waiting),
        verdicts=dict(sorted(Counter(verdict for verdict in verdicts.values() if verdict).items())),
        findings=dict(Counter(finding.detector for finding in records.findings).most_common()),
        silent_devices=known - live,
        coverage=live / known if known else None,
        dead_letters=dict(records.dead_letters.most_common()),
        sites=_sites(records, pages, waiting),
    )


def _judged(incident: Incident, since: datetime, until: datetime) -> bool:
    return incident.verdict is not None and incident.closed is not None and since <= incident.closed <= until


def _pages(records: Records, verdicts: dict[str, Any], since: datetime, until: datetime) -> list[Page]:
    return [
        Page(
            time=at,
            site=one.site,
            incident=one.id,
            number=number,
            delay_s=(at - _first(one)).total_seconds() if number == 1 else None,
            delay_second_domain_s=_second_domain(one, at) if number == 1 else None,
            verdict=verdicts.get(one.id) or one.verdict,
            acknowledged_by=one.acknowledged_by,
            summary=one.summary,
        )
        for one in records.incidents.values()
        for number, at in enumerate(one.paged, 1)
        if since <= at <= until
    ]


def _first(incident: Incident) -> datetime:
    return min((step.time for step in incident.timeline), default=incident.opened)


def _second_domain(incident: Incident, at: datetime) -> float | None:
    """Seconds from the first sign of the second domain that was seen before the page."""
    firsts: dict[str, datetime] = {}
    for step in sorted(incident.timeline, key=lambda step: step.time):
        if step.time <= at:
            firsts.setdefault(step.domain, step.time)
    return (at - sorted(firsts.values())[1]).total_seconds() if len(firsts) > 1 else None


def _median(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return round(median(there), 3) if there else None


def _sites(records: Records, pages: list[Page], waiting: list[Incident]) -> list[Site]:
    """List the sites that there is something to say of, those with pages first."""
    sites = {name: Site(name) for name in records.devices}
    for page in pages:
        site = sites.setdefault(page.site, Site(page.site))
        site.pages += 1
        site.false_pages += page.verdict in FALSE
    for finding in records.findings:
        sites.setdefault(finding.site, Site(finding.site)).findings += 1
    for incident in waiting:
        sites.setdefault(incident.site, Site(incident.site)).open += 1
    for name, (live, known) in records.devices.items():
        sites[name].devices, sites[name].silent_devices = known, known - live
        sites[name].coverage = round(live / known, 4) if known else None
    return sorted(sites.values(), key=lambda site: (-site.pages, -site.open, -site.silent_devices, site.site))
