"""A site's record, sorted: which of its objects go on, to which domain, and which are refused."""

from collections.abc import Iterator, Sequence
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

    taken: Sequence[tuple[str, bytes, int]]
    refused: Sequence[Refusal]
    repeats: int


REPEATED = Sorted((), (), 1)
_new = tuple.__new__


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
            return _judged(site, key, value, arrival, offset, memory)
        if isinstance(found, Telemetry):
            time = found.time.timestamp()
            if found.site == site and in_time(time, arrival):
                if memory.repeats(found, time, offset):
                    return REPEATED
                return _new(Sorted, ([(DOMAIN_OF[type(found)], value.strip(SPACE), 1)], (), 0))
        elif len(found) <= MOST_OBJECTS:
            times = [one.time.timestamp() for one in found]
            sound = [one.site == site and in_time(time, arrival) for one, time in zip(found, times, strict=True)]
            if all(sound):
                return _sound(found, times, value, offset, memory)
    return _judged(site, key, value, arrival, offset, memory)


def _sound(events: list[Telemetry], times: list[float], value: bytes, offset: int, memory: Memory) -> Sorted:
    """Take a batch in which nothing is wrong."""
    both = zip(events, times, strict=True)
    domains = [None if memory.repeats(event, time, offset) else DOMAIN_OF[type(event)] for event, time in both]
    first = domains[0] if domains else None
    if first and domains.count(first) == len(domains):
        return Sorted([(first, value.strip(SPACE)[1:-1].strip(SPACE), len(domains))], (), 0)
    by_domain: dict[str, list[Raw]] = {}
    for raw, domain in zip(_raws.decode(value), domains, strict=True):
        if domain:
            by_domain.setdefault(domain, []).append(raw)
    taken = [(domain, b",".join(raws), len(raws)) for domain, raws in by_domain.items()]
    return Sorted(taken, (), domains.count(None))


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
                if memory.repeats(found.event, found.event.time.timestamp(), offset):
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
