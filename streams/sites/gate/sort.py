"""A site's record, sorted: which of its objects go on, to which domain, and which are refused."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Raw
from msgspec.json import Decoder

from streams.sites.gate.memory import Memory
from streams.sites.wire import DOMAIN_OF, Event, RefusedError, in_time, read, refusal
from streams.telemetry.decode import MOST_BYTES, MOST_OBJECTS
from streams.telemetry.envelope import Telemetry
from streams.telemetry.refusal import UNREADABLE, Refusal, out_of_bounds, shown
from streams.telemetry.slices import SPACE, elements

_any: Decoder[Telemetry | list[Telemetry]] = Decoder(Event | list[Event])
_raws = Decoder(list[Raw])


class Sorted(NamedTuple):
    """What a record holds: objects by domain (their JSON with commas between, and how many), refusals, repeats."""

    taken: list[tuple[str, bytes, int]]
    refused: list[Refusal]
    repeats: int


NOTHING = Sorted([], [], 0)


def sort(site: str, key: bytes | None, value: bytes | None, arrival: float, offset: int, memory: Memory) -> Sorted:
    """Judge one record of a site's topic.

    Parameters
    ----------
    site : whose topic it is; nobody else can write there.
    arrival : when the broker got it, unix seconds.
    memory : what this partition has brought lately; learns this record.
    """
    if key == site.encode() and value and len(value) <= MOST_BYTES:
        try:
            found = _any.decode(value)
            if not value.isascii():
                value.decode()
        except UNREADABLE:
            found = []
        events = found if isinstance(found, list) else [found]
        if 0 < len(events) <= MOST_OBJECTS and all(one.site == site and in_time(one.time, arrival) for one in events):
            return _sound(events, value, offset, memory)
    return _judged(site, key, value, arrival, offset, memory)


def _sound(events: list[Telemetry], value: bytes, offset: int, memory: Memory) -> Sorted:
    """Take a record in which nothing is wrong."""
    domains = [None if memory.repeats(event, offset) else DOMAIN_OF[type(event)] for event in events]
    first = domains[0]
    if len(events) == 1:
        bare = value.strip(SPACE)
        body = bare[1:-1].strip(SPACE) if bare[:1] == b"[" else bare
        return Sorted([(first, body, 1)], [], 0) if first else Sorted([], [], 1)
    if first and domains.count(first) == len(domains):
        return Sorted([(first, value.strip(SPACE)[1:-1], len(domains))], [], 0)
    by_domain: dict[str, list[Raw]] = {}
    for raw, domain in zip(_raws.decode(value), domains, strict=True):
        if domain:
            by_domain.setdefault(domain, []).append(raw)
    taken = [(domain, b",".join(raws), len(raws)) for domain, raws in by_domain.items()]
    return Sorted(taken, [], domains.count(None))


def _judged(site: str, key: bytes | None, value: bytes | None, arrival: float, offset: int, memory: Memory) -> Sorted:
    """Judge each object of a record by itself."""
    taken, refused, repeats = [], [], 0
    for part in _parts(value):
        if isinstance(part, Refusal):
            refused.append(part)
        elif key != site.encode():
            refused.append(_wrong_key(site, key, part))
        else:
            try:
                found = read(site, part, arrival)
            except RefusedError as error:
                refused.append(error.refusal)
            else:
                if memory.repeats(found.event, offset):
                    repeats += 1
                else:
                    taken.append((found.domain, part.strip(SPACE), 1))
    return Sorted(taken, refused, repeats)


def _parts(value: bytes | None) -> Iterator[bytes | Refusal]:
    bare = (value or b"").strip(SPACE)
    if value is None or len(value) > MOST_BYTES or bare in (b"", b"null"):
        yield out_of_bounds(value)
        return
    parts = elements(value) if bare.startswith(b"[") else [value]
    if parts is None:
        yield refusal("", value, 0.0)
    elif len(parts) > MOST_OBJECTS:
        yield Refusal(f"a batch holds at most {MOST_OBJECTS:,} objects, got {len(parts):,}", "", value, "too_large")
    else:
        yield from parts


def _wrong_key(site: str, key: bytes | None, raw: bytes) -> Refusal:
    said = f"the record's key `{shown(key)}` is not" if key else "the record has no key; it must be"
    return Refusal(f"{said} {site}, the site whose topic this is", "site", raw, "wrong_key")
