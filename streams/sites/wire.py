"""One telemetry object of any domain: read, judged as the platform judges it, and written."""

from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from streams.telemetry.decode import AHEAD_S, BEHIND_S, DOMAINS, LANES, MOST_BYTES, TOPIC_OF, TOPICS, decode
from streams.telemetry.envelope import Telemetry
from streams.telemetry.refusal import UNREADABLE, Refusal

Event: Any = reduce(or_, (module.Event for module in DOMAINS.values()))
"""Every telemetry object of every domain."""
DOMAIN_OF: dict[type, str] = {kind: domain for domain, lane in LANES.items() for kind in lane.types.values()}

read_one: Decoder[Telemetry] = Decoder(Event)
SLACK_S = 0.001
_encode = Encoder().encode
_new = tuple.__new__
_UNSET = b',"sequence":null'


class RefusedError(ValueError):
    """An object that the platform would not take; nothing of it was kept.

    Attributes
    ----------
    field
        The dotted path of the field at fault; empty when it is none.
    reason
        What is wrong, in a sentence.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
        self.field = refusal.field
        self.reason = refusal.reason


class Object(NamedTuple):
    """A valid object: its domain, itself, and its bytes."""

    domain: str
    event: Telemetry
    raw: bytes


class _Typed(Struct):
    type: str | None = None


_type = Decoder(_Typed)


def domain_of(raw: bytes) -> str:
    """Tell an object's domain by its `type`; any for what has none, since all refuse it in the same words."""
    try:
        kind = _type.decode(raw).type
    except UNREADABLE:
        kind = None
    return TOPICS[TOPIC_OF.get(kind or "", "telemetry.power")]


def in_time(time: float, arrival: float) -> bool:
    """Whether an object of that time may surely arrive then (both unix seconds); at the very bounds `decode` judges."""
    return SLACK_S - BEHIND_S < time - arrival < AHEAD_S - SLACK_S


def read(site: str, given: Telemetry | dict[str, Any] | bytes | str, arrival: float) -> Object:
    """Judge one object of a site as the platform will.

    Parameters
    ----------
    given : a struct of `streams.telemetry`, a dict, or the JSON of one object.
    arrival : unix seconds, which its `time` is judged against.

    Raises
    ------
    RefusedError : it is none that the platform takes, or not this site's.
    """
    struct = isinstance(given, Telemetry)
    raw = given if isinstance(given, bytes) else given.encode() if isinstance(given, str) else _write(given)
    try:
        event = read_one.decode(raw)
    except UNREADABLE:
        raise RefusedError(refusal(site, raw, arrival)) from None
    domain = DOMAIN_OF[type(event)]
    plain = len(raw) <= MOST_BYTES and (struct or raw.isascii())
    if event.site != site or not plain or not in_time(event.time.timestamp(), arrival):
        _, refused = decode(domain, site.encode(), raw, arrival)
        if refused:
            raise RefusedError(_foreign(site, event.site, refused[0]))
    return _new(Object, (domain, event, raw))


def refusal(site: str, raw: bytes, arrival: float) -> Refusal:
    """Say why something is no telemetry object of a site."""
    if raw.strip()[:1] == b"[":
        return Refusal("one JSON object is expected, got a list", "", raw, "wrong_type")
    _, refused = decode(domain_of(raw), site.encode(), raw, arrival)
    return refused[0]


def numbered(found: Object, sequence: int, given: Any) -> bytes:
    """Write an object that has no sequence with one."""
    if isinstance(given, Telemetry):
        return found.raw.replace(_UNSET, b',"sequence":%d' % sequence, 1)
    if b'"sequence"' not in found.raw:
        return b'%b,"sequence":%d}' % (found.raw.rstrip()[:-1], sequence)
    fields = Decoder(dict[str, Any]).decode(found.raw)
    return _encode(fields | {"sequence": sequence})


def _write(given: Any) -> bytes:
    try:
        return _encode(given)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        kind = type(given).__name__
        raise RefusedError(Refusal(f"{kind} can't be written as JSON: {error}", "", b"", "not_json")) from None


def _foreign(site: str, claimed: str, found: Refusal) -> Refusal:
    """Name both sites where one speaks for another."""
    if found.code != "wrong_key":
        return found
    return found._replace(reason=f"site {site} may not speak for {claimed}")
