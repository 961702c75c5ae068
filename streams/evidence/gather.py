"""Gathers what a dossier tells of: the incident, and of the sealed records all that belongs to it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import MsgspecError
from msgspec.json import Decoder

from streams.evidence.cited import Cited
from streams.evidence.sources import Source
from streams.incidents.model import Command, Finding, Incident
from streams.telemetry.control import Action, Confirmation, Item, Maintenance, SiteProfile, Verdict
from streams.telemetry.decode import TOPICS, decode, decode_control
from streams.telemetry.evidence import PLATFORM, Link
from streams.telemetry.shipment import ShipmentPlanned

BEFORE = timedelta(minutes=30)
AFTER = timedelta(hours=6)
"""How long after the last sign of an incident that is open goods may still leave."""
PLANNED = timedelta(days=2)
"""How long before it goods may have been planned to leave."""
GOODS = ("telemetry.rfid", "telemetry.shipment")
_READERS: dict[str, Decoder[Any]] = {
    "findings": Decoder(Finding),
    "incidents": Decoder(Incident),
    "commands": Decoder(Command),
}


class GatherError(Exception):
    """There is no such incident; the message says what to do."""


class Told(NamedTuple):
    """What a record says, and the record."""

    said: Any
    cited: Cited


class Gathered(NamedTuple):
    """An incident with everything that belongs to it, each in order of time."""

    incident: Incident
    start: datetime
    end: datetime
    profile: Told | None
    revisions: list[Told]
    findings: list[Told]
    deeds: list[Told]
    """Commands, confirmations, actions, verdicts, maintenance that was announced."""
    goods: list[Told]
    """Objects of rfid and shipment."""
    links: list[tuple[bytes, Link]]
    """The chain's links, of the time of the incident."""
    counts: dict[str, int]
    """Records of telemetry by topic that are sealed in these links."""

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's own time zone, where it is declared."""
        name = self.profile.said.timezone if self.profile else None
        return ZoneInfo(name) if name else None


def gather(source: Source, name: str) -> Gathered:
    """Gather an incident by its id; raises `GatherError`."""
    chain, first = _find(source, name)
    links = source.links(chain)
    kept = [link for _, link in links[first:] if link.kept]
    revisions = _of(name, source.records(chain, kept, []), "incidents")
    if not revisions:
        raise GatherError(f"no revision of {name} can be read from {source.name}: `tocsin verify` says more")
    revisions.sort(key=lambda told: told.said.revision)
    incident: Incident = revisions[-1].said
    times = [incident.opened, incident.updated, *(step.time for step in incident.timeline)]
    start = min(times) - BEFORE
    end = min(max(times) + AFTER, incident.closed or max(times) + AFTER)
    during = [(line, link) for line, link in links if _meets(link, start, end)] or links[first:]
    told = [link for _, link in links if _tells(link, start)]
    whole = [link for _, link in links if _meets(link, start - PLANNED, end)]
    records = list(source.records(chain, told, whole))
    said = [Told(body, cited) for cited in records for body in _read(cited)]
    return Gathered(
        incident,
        start,
        end,
        next((one for one in reversed(said) if isinstance(one.said, SiteProfile)), None),
        revisions,
        _findings(said, incident),
        sorted(_deeds(said, incident, start, end), key=lambda one: moment_of(one.said)),
        _between(said, start, end),
        during,
        _counts([link for _, link in during]),
    )


def registered(source: Source, epcs: set[str], tids: set[str]) -> list[Told]:
    """Find the registered goods with these EPCs or chips; of one that was registered again, what was said last."""
    links = [link for _, link in source.links(PLATFORM) if any(span.topic == "control.items" for span in link.spans)]
    found: dict[str, Told] = {}
    for cited in source.records(PLATFORM, links, []):
        if cited.record.topic == "control.items":
            for item in _read(cited):
                if isinstance(item, Item) and (item.epc in epcs or (item.tid or "").upper() in tids):
                    found[item.epc] = Told(item, cited)
    return list(found.values())


def moment_of(said: Any) -> datetime:
    """When something was said or done."""
    at: datetime = said.start if isinstance(said, Maintenance) else said.time
    return at


def _find(source: Source, name: str) -> tuple[str, int]:
    """Find the chain that an incident is in, and the number of the first link that may tell of it."""
    for chain in source.chains():
        for number, (_, link) in enumerate(source.links(chain)):
            if name in link.open:
                return chain, number
    for chain in source.chains():
        links = [link for _, link in source.links(chain) if any(span.topic == "incidents" for span in link.spans)]
        for told in _of(name, source.records(chain, links, []), "incidents"):
            return chain, told.cited.link.number
    raise GatherError(f"no incident {name} is sealed in {source.name}: is the id right, and the ledger running?")


def _of(name: str, records: Iterable[Cited], topic: str) -> list[Told]:
    found = [Told(said, cited) for cited in records if cited.record.topic == topic for said in _read(cited)]
    return [one for one in found if one.said.id == name]


def _read(cited: Cited) -> Sequence[Any]:
    """Read a record's objects; what can't be read is sealed and says nothing."""
    topic, value = cited.record.topic, cited.record.value
    if topic in _READERS:
        try:
            return [_READERS[topic].decode(value or b"")]
        except MsgspecError:
            return []
    if topic in GOODS:
        arrival = cited.record.time / 1000
        return [arrived.event for arrived in decode(TOPICS[topic], cited.record.key, value, arrival)[0]]
    if topic.startswith("control."):
        return [decode_control(topic, cited.record.key, value)]
    return []


def _meets(link: Link, start: datetime, end: datetime) -> bool:
    """Whether records of a link arrived between two moments."""
    return link.since is not None and link.until is not None and start <= link.until and link.since <= end


def _tells(link: Link, start: datetime) -> bool:
    """Whether what a link keeps is wanted: what came since, and what the site has ever said of itself."""
    lasting = any(span.topic in ("control.sites", "control.maintenance") for span in link.spans)
    return bool(link.kept) and (lasting or (link.until is not None and link.until >= start))


def _findings(said: list[Told], incident: Incident) -> list[Told]:
    """Find what the incident's timeline is made of."""
    steps = {(step.time, step.detector, step.device) for step in incident.timeline}
    findings = [one for one in said if isinstance(one.said, Finding)]
    own = {one.said.id: one for one in findings if (one.said.time, one.said.detector, one.said.device) in steps}
    return sorted(own.values(), key=lambda one: one.said.time)


def _deeds(said: list[Told], incident: Incident, start: datetime, end: datetime) -> Iterable[Told]:
    """Yield what was done about the incident, each once, and work that was announced for its time."""
    seen: set[str] = set()
    commands = {one.said.id for one in said if isinstance(one.said, Command) and one.said.incident == incident.id}
    for one in said:
        body = one.said
        own = (
            (isinstance(body, Command | Action | Verdict) and body.incident == incident.id)
            or (isinstance(body, Confirmation) and body.command in commands)
            or (isinstance(body, Maintenance) and body.start < end and body.end > start)
        )
        name = str(getattr(body, "id", "")) or f"{getattr(body, 'time', '')}"
        if own and name not in seen:
            seen.add(name)
            yield one


def _between(said: list[Told], start: datetime, end: datetime) -> list[Told]:
    goods = [one for one in said if one.cited.record.topic in GOODS and one.said.time <= end]
    goods = [one for one in goods if one.said.time >= start or isinstance(one.said, ShipmentPlanned)]
    return sorted(goods, key=lambda one: one.said.time)


def _counts(links: list[Link]) -> dict[str, int]:
    counts = dict.fromkeys(TOPICS, 0)
    for link in links:
        for span in link.spans:
            if span.topic in counts:
                counts[span.topic] += span.count
    return counts
