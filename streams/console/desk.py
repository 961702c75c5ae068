"""What the console knows: incidents as they stand, the numbers behind them, who did what. Pure; fed in log order."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from streams.incidents.model import Evidence, Finding, Incident, Step
from streams.telemetry.control import Action, Confirmation, Maintenance, SiteProfile, Verdict

MOST_CLOSED = 5_000
"""Closed incidents that are kept; beyond, the one that was closed first goes."""
MOST_FINDINGS = 200_000
MOST_ENTRIES = 20_000
SLACK = timedelta(seconds=5)
"""By how much the clocks of whoever writes and of Kafka may differ."""

Place = tuple[str, str, str, datetime]
"""Site, detector, device and time of a finding, by which a timeline's step names it."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the audit trail.

    Attributes
    ----------
    id
        Of the record: sent again, it is the same line.
    """

    id: str
    time: datetime
    by: str
    site: str
    what: str
    incident: str = ""
    text: str = ""


class Work(Struct, frozen=True, kw_only=True):
    """Announced work, and when it was announced in this form."""

    record: Maintenance
    announced: datetime

    def state(self, now: datetime) -> Literal["over", "on", "ahead", "recurring"]:
        """Say where `now` lies; a recurrence is told as such."""
        if self.record.rrule is not None:
            return "recurring"
        return "over" if self.record.end <= now else "on" if self.record.start <= now else "ahead"


class Desk:
    """Everything a page is made of, in memory, bounded."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.works: dict[str, Work] = {}
        self._entries: dict[str, Entry] = {}
        self._evidence: dict[Place, Evidence] = {}
        self._zones: dict[str, ZoneInfo] = {}
        self._closed: deque[str] = deque()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def put(self, incident: Incident) -> None:
        """Take a revision; an older one than is known is nothing."""
        known = self.incidents.get(incident.id)
        if known is not None and known.revision >= incident.revision:
            return
        self.incidents[incident.id] = incident
        if incident.status == "closed":
            self._closed.append(incident.id)
        while len(self._closed) > MOST_CLOSED:
            self.incidents.pop(self._closed.popleft(), None)

    def find(self, finding: Finding) -> None:
        """Take a finding's numbers."""
        self._evidence[finding.site, finding.detector, finding.device, finding.time] = finding.evidence
        if len(self._evidence) > MOST_FINDINGS:
            del self._evidence[next(iter(self._evidence))]

    def profile(self, profile: SiteProfile) -> None:
        """Take what a site declares: its time zone."""
        self._zones[profile.site] = ZoneInfo(profile.timezone or "UTC")

    def act(self, action: Action) -> None:
        """Take what somebody did with an incident."""
        text = " ".join(part for part in (f"to {action.to}" if action.to else "", action.note or "") if part)
        self._enter(action.id, action.time, action.by, action.site, action.action, action.incident, text)

    def confirm(self, said: Confirmation) -> None:
        """Take what became of a command."""
        incident = said.command.rpartition("-")[0]
        text = f"{said.command}: {said.outcome}" + (f". {said.note}" if said.note else "")
        self._enter(said.id, said.time, said.by, said.site, "confirm", incident, text)

    def judge(self, verdict: Verdict, number: str) -> None:
        """Take a verdict; `number` tells its record from others."""
        what = f"verdict {verdict.verdict}"
        self._enter(number, verdict.time, verdict.by, verdict.site, what, verdict.incident, verdict.note or "")

    def maintain(self, record: Maintenance, said: datetime, number: str) -> None:
        """Take announced work as it was said at a moment; `number` tells its record from others."""
        before = self.works.get(record.id)
        self.works[record.id] = Work(record=record, announced=said)
        what = "silence" if before is None else "silence changed"
        if before is not None and record == replace(before.record, end=record.end, owner=record.owner):
            what = "silence ended" if record.end <= said + SLACK else "silence changed"
        self._enter(number, said, record.owner or "unknown", record.site, what, "", told(record))

    def forget(self, name: str, said: datetime, number: str) -> None:
        """Take back announced work."""
        work = self.works.pop(name, None)
        if work is not None:
            self._enter(number, said, "unknown", work.record.site, "silence deleted", "", told(work.record))

    def _enter(self, number: str, time: datetime, by: str, site: str, what: str, incident: str, text: str) -> None:
        entry = Entry(id=number, time=time, by=by, site=site, what=what, incident=incident, text=text)
        self._entries.setdefault(number, entry)
        if len(self._entries) > MOST_ENTRIES:
            del self._entries[next(iter(self._entries))]

    # -- what pages ask for ----------------------------------------------------------------------------------------

    def evidence(self, site: str, step: Step) -> Evidence | None:
        """Return the numbers behind a step; None where its finding is no longer kept."""
        return self._evidence.get((site, step.detector, step.device, step.time))

    def zone(self, site: str) -> ZoneInfo | None:
        """Return the site's time zone, where it is declared."""
        return self._zones.get(site)

    def trail(self, sites: Iterable[str] | None = None, incident: Incident | None = None) -> Iterator[Entry]:
        """Yield who did what, the latest first: at all sites or some, with one incident or any."""
        allowed = None if sites is None else frozenset(sites)
        for entry in sorted(self._entries.values(), key=lambda entry: entry.time, reverse=True):
            if allowed is not None and entry.site not in allowed:
                continue
            if incident is None or (entry.incident, entry.site) == (incident.id, incident.site):
                yield entry


def told(record: Maintenance) -> str:
    """Tell what is silenced, for how long and why."""
    what = ", ".join([*(record.devices or ()), *(record.domains or ())]) or "the whole site"
    span = f"{record.start:%Y-%m-%d %H:%M}–{record.end:%Y-%m-%d %H:%M} UTC"
    again = f", {record.rrule}" if record.rrule else ""
    return f"{what}, {span}{again}" + (f": {record.reason}" if record.reason else "")
