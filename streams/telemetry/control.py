"""The control topics: what people tell the platform about sites, maintenance, goods, verdicts and watch lists."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from streams.incidents.model import Fact
from streams.telemetry.envelope import Device, Euro, Fraction, Site, Text, Time
from streams.telemetry.recurrence import recurrence
from streams.telemetry.rfid import Epc, Tid

SITES = "control.sites"
MAINTENANCE = "control.maintenance"
ITEMS = "control.items"
VERDICTS = "control.verdicts"
ACTIONS = "control.actions"
DRILL = "DRILL-"
"""How the name of a drill's shadow begins; no real site is called so."""
WATCHLIST = "control.watchlist"

Note = Annotated[str, Meta(min_length=1, max_length=2000)]
Domain = Literal["power", "alarm", "camera", "rfid", "shipment"]
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
Opening = Annotated[str, Meta(pattern=rf"^{CLOCK}(?!\n)$", description="local wall clock, HH:MM")]
Closing = Annotated[str, Meta(pattern=rf"^({CLOCK}|24:00)(?!\n)$", description="local wall clock, HH:MM, up to 24:00")]


class Hours(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """Opening hours of some weekdays; an end at or before the start passes midnight."""

    days: list[Annotated[int, Meta(ge=1, le=7, description="ISO weekday, 1 is Monday")]]
    start: Opening
    end: Closing


class Location(Struct, frozen=True, kw_only=True):
    """WGS 84 degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class DeclaredDevice(Struct, frozen=True, kw_only=True):
    """A device that the site says it has."""

    device: Device
    domain: Domain
    interval_s: Annotated[float, Meta(gt=0, description="s between two objects of this device")] | None = None


class Policy(Struct, frozen=True, kw_only=True):
    """Which commands a site carries out by itself, and how sure of an attack that has to be."""

    automatic: list[Literal["lockdown", "hold_shipment"]]
    risk: Annotated[Fraction, Meta(description="from which on")] = 0.9
    domains: Annotated[int, Meta(ge=1, le=5, description="with evidence that counts, from which on")] = 2


class SiteProfile(Struct, frozen=True, kw_only=True, tag_field="type", tag="site.profile"):
    """What a site declares of itself; whatever it leaves out is learnt."""

    site: Site
    timezone: Annotated[Text, Meta(description="IANA name")] | None = None
    opening_hours: list[Hours] | None = None
    location: Location | None = None
    devices: list[DeclaredDevice] | None = None
    feeds: list[Text] | None = None
    policy: Annotated[Policy, Meta(description="without one, commands are advice")] | None = None
    drill: (
        Annotated[Literal["quiet", "paging"], Meta(description=f"of a drill's shadow, whose name begins with {DRILL}")]
        | None
    ) = None

    def __post_init__(self) -> None:
        """Know the time zone."""
        try:
            if self.timezone is not None:
                ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"`timezone` must be an IANA name like Europe/Paris, got {self.timezone}") from None


def _within_calendars(**moments: datetime) -> None:
    """Refuse a time that not every calendar can convert."""
    for name, moment in moments.items():
        if not 1970 < moment.year < 9999:
            raise ValueError(f"`{name}` must lie between 1971 and 9998, got {moment.isoformat()}")


class Maintenance(Struct, frozen=True, kw_only=True, tag_field="type", tag="site.maintenance"):
    """Announced work, during which the named domains or devices may misbehave."""

    id: Text
    site: Site
    start: Time
    end: Time
    domains: list[Domain] | None = None
    devices: list[Device] | None = None
    owner: Text | None = None
    reason: Text | None = None
    rrule: Annotated[str, Meta(min_length=1, max_length=4096, description="recurrence, RFC 5545")] | None = None

    def __post_init__(self) -> None:
        """Take time, and lie within what every calendar can convert."""
        _within_calendars(start=self.start, end=self.end)
        if self.end <= self.start:
            raise ValueError(f"`end` must be later than `start`, got {self.end.isoformat()}")
        if self.rrule is not None:
            recurrence(self.rrule, self.start, ZoneInfo("UTC"))


class Item(Struct, frozen=True, kw_only=True, tag_field="type", tag="item.registered", gc=False):
    """A registered piece of goods."""

    epc: Epc
    tid: Tid | None = None
    imei: Text | None = None
    sku: Text | None = None
    value: Euro | None = None


class Verdict(Struct, frozen=True, kw_only=True, tag_field="type", tag="incident.verdict"):
    """What an analyst found an incident to be."""

    incident: Text
    site: Site
    verdict: Literal["true_positive", "false_positive", "benign", "test"]
    by: Text
    time: Time
    note: Text | None = None


class Action(Struct, frozen=True, kw_only=True, tag_field="type", tag="incident.action"):
    """What somebody does about an incident."""

    id: Annotated[Text, Meta(description="read again under the same id it changes nothing")]
    site: Site
    incident: Text
    action: Annotated[
        Literal["acknowledge", "assign", "note", "release"],
        Meta(description="of two persons, the second `release` lifts what the incident's commands put in force"),
    ]
    by: Text
    time: Time
    to: Annotated[Text, Meta(description="whom it is assigned to; nobody named: whoever says so")] | None = None
    note: Note | None = None

    def __post_init__(self) -> None:
        """Say something where that is the point."""
        _within_calendars(time=self.time)
        if self.action == "note" and self.note is None:
            raise ValueError("`note` must be there where the action is a note, got null")


class Confirmation(Struct, frozen=True, kw_only=True, tag_field="type", tag="command.confirmed"):
    """What became of a command at the site."""

    id: Annotated[Text, Meta(description="read again under the same id it changes nothing")]
    site: Site
    command: Annotated[Text, Meta(description="the command's id")]
    by: Text
    time: Time
    outcome: Literal["done", "failed"]
    note: Note | None = None

    def __post_init__(self) -> None:
        """Lie within what every calendar can convert."""
        _within_calendars(time=self.time)


class Watch(Struct, frozen=True, kw_only=True, tag_field="type", tag="watch"):
    """Something to look out for at every site."""

    what: Literal["plate", "epc", "tid", "imei"]
    value: Text
    reason: Text | None = None
    until: Time | None = None


def is_drill(site: str) -> bool:
    """Whether a site is the shadow of a drill."""
    return site.startswith(DRILL)


class Forget(Struct, frozen=True):
    """A tombstone: what was said under this key of this topic no longer holds."""

    topic: str
    key: str


Said = Verdict | Action | Confirmation
"""What is said of a site's incidents; the site's own state holds what came of it."""
Record = SiteProfile | Maintenance | Item | Watch | Said
Control = Record | Forget | Fact
"""What the core takes beside telemetry: control records, tombstones, and what other sites tell."""
