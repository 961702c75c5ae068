"""What the platform publishes: findings, incidents and commands; and the facts that its sites tell each other."""

from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

Domain = Literal["power", "alarm", "camera", "rfid", "shipment"]
Stage = Literal["supply", "alarm", "sight", "label", "goods", "egress"]
Status = Literal["open", "acknowledged", "closed"]
Severity = Literal["info", "warning", "critical"]
Mode = Literal["advised", "automatic"]
Outcome = Literal["done", "failed"]
Event = Literal["opened", "escalated", "updated", "closed", "finding", "command", "fact"]
Evidence = dict[str, Any]


def moment(at: float) -> datetime:
    """Unix seconds as a UTC time to the millisecond."""
    return datetime.fromtimestamp(round(at * 1000) // 1000, UTC).replace(microsecond=round(at * 1000) % 1000 * 1000)


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that a detector saw."""

    id: str
    site: str
    device: str
    domain: Domain
    detector: str
    time: datetime
    score: float
    summary: str
    evidence: Evidence


class Step(Struct, frozen=True, kw_only=True):
    """One line of an incident's timeline."""

    time: datetime
    domain: Domain
    device: str
    detector: str
    summary: str
    score: float
    stage: Stage


class Note(Struct, frozen=True, kw_only=True):
    """What somebody said of an incident."""

    time: datetime
    by: str
    note: str


class Ordered(Struct, frozen=True, kw_only=True):
    """A command that an incident gave, and what the site last confirmed of it.

    `overdue` is an automatic one that nobody confirmed in time.
    """

    id: str
    command: Literal["lockdown", "release", "hold_shipment"]
    mode: Mode
    time: datetime
    outcome: Outcome | None = None
    by: str | None = None
    overdue: bool = False


class Incident(Struct, frozen=True, kw_only=True):
    """One incident as it stands; every change publishes it whole under the next revision.

    `stages` are the steps of the chain that were seen, `expected` those that are still to come while it is open.
    Who acknowledged it holds until it pages again. `paged` tells when it paged, as often as `pages` says; `warnings`
    counts how often it asked, short of a page, for somebody to look at it in this shift.
    One of a `drill` is made up; `quiet` ones are nobody's business but the drill's.
    """

    id: str
    revision: int
    site: str
    status: Status
    severity: Severity
    pages: int
    risk: float
    domains: list[Domain]
    opened: datetime
    updated: datetime
    closed: datetime | None
    summary: str
    timeline: list[Step]
    verdict: str | None
    related: str | None = None
    stages: list[Stage] = []
    expected: list[Stage] = []
    acknowledged_by: str | None = None
    assigned: str | None = None
    notes: list[Note] = []
    commands: list[Ordered] = []
    paged: list[datetime] = []
    warnings: int = 0
    drill: Literal["quiet", "paging"] | None = None


class Command(Struct, frozen=True, kw_only=True):
    """What the site should do now."""

    id: str
    site: str
    command: Literal["lockdown", "release", "hold_shipment"]
    incident: str
    reason: str
    time: datetime
    mode: Mode


class Fact(Struct, frozen=True, kw_only=True, tag_field="type", tag="fact"):
    """What one site tells all others; internal, on `tocsin.facts`.

    Attributes
    ----------
    subject
        What it is about, and its key: `plate:…`, `grid`, `alert:…`, `verdict`.
    kind
        `plate.seen`, `grid.lost`, `alert.raised`, `alert.over` or `verdict.given`.
    time, clock
        When it was so (event time) and when it was noticed (arrival clock), Unix seconds.
    place
        Latitude and longitude of the site, where declared.
    since
        Event time from which it may have been so, Unix seconds.
    shares, true
        Of a verdict: what each detector had given to the incident, in nats, and whether it was an attack.
    """

    subject: str
    kind: Literal["plate.seen", "grid.lost", "alert.raised", "alert.over", "verdict.given"]
    site: str
    time: float
    clock: float
    place: tuple[float, float] | None = None
    since: float = 0.0
    incident: str = ""
    detectors: tuple[str, ...] = ()
    shares: dict[str, float] = {}
    true: bool = False

    @property
    def name(self) -> tuple[float, str, str, str, float]:
        """What tells it from every other fact, and puts facts in order; told again it is the same."""
        return self.clock, self.site, self.kind, self.incident, self.time


class Output(NamedTuple):
    """Something decided at `clock` (arrival clock, Unix seconds), and what is published of it."""

    clock: float
    event: Event
    body: Finding | Incident | Command | Fact


def encode(body: Finding | Incident | Command | Fact) -> bytes:
    """Encode as JSON, as it goes on the wire; equal bodies give equal bytes."""
    return msgspec.json.encode(body)
