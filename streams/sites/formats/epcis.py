"""GS1 EPCIS: documents of 2.0 (JSON, JSON-LD, XML) and 1.2 (XML) into reads of tags."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints
from xml.etree.ElementTree import Element, tostring

import msgspec
from msgspec import Meta, Raw, Struct

from streams.sites.formats.epc import EpcError, identity
from streams.sites.formats.xml import XmlError, child, every, local, parse, text
from streams.telemetry.envelope import Telemetry
from streams.telemetry.refusal import UNREADABLE
from streams.telemetry.rfid import RfidEncode, RfidRead

STEPS: tuple[str, ...] = get_args(get_type_hints(RfidRead)["biz_step"])
"""Business steps (CBV) that the contract has."""
KINDS = ("ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent")
MOST_EVENTS = 10_000

Uri = Annotated[str, Meta(min_length=1, max_length=1024)]


class EpcisError(ValueError):
    """No EPCIS document, or an event in it that is none; the message says which and why."""


class Place(Struct, frozen=True):
    """Where it was."""

    id: Uri


class Event(Struct, frozen=True, rename="camel"):
    """The parts of an event that say which tags were seen, when, where and at what step."""

    type: Uri
    event_time: Annotated[datetime, Meta(tz=True)]
    event_time_zone_offset: Annotated[str, Meta(pattern=r"^[+-]((0\d|1[0-3]):[0-5]\d|14:00)(?!\n)$")]
    action: Annotated[str, Meta(pattern=r"^(OBSERVE|ADD|DELETE)(?!\n)$")] | None = None
    biz_step: Uri | None = None
    read_point: Place | None = None
    biz_location: Place | None = None
    epc_list: list[Uri] = []
    parent_id: Annotated[Uri | None, Meta()] = msgspec.field(default=None, name="parentID")
    child_epcs: list[Uri] = msgspec.field(default_factory=list, name="childEPCs")
    outputs: list[Uri] = msgspec.field(default_factory=list, name="outputEPCList")
    event_id: Uri | None = msgspec.field(default=None, name="eventID")
    error_declaration: dict[str, Any] | None = None


class Captured(NamedTuple):
    """One event of a document: what tells it from others, itself, and the chips' ids where they are given."""

    key: bytes
    event: Event
    tids: list[str]


class Reading(NamedTuple):
    """How a site reads documents.

    Attributes
    ----------
    steps
        Further business steps, and what they are in the contract.
    places
        Names of read points by their URI.
    prefixes
        GS1 company prefixes, for digital links.
    """

    steps: Mapping[str, str]
    places: Mapping[str, str]
    prefixes: Sequence[str]


def read(body: bytes, tid: str | None = None) -> list[Captured]:
    """Read a document or a single event; `tid` names the extension that holds the chips' ids.

    Raises
    ------
    EpcisError
        With the number of the event at fault.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    xml = start.startswith((b"<", b"\xff\xfe", b"\xfe\xff"))  # the latter two: UTF-16, which JSON never is
    found = list(_of_xml(start, tid) if xml else _of_json(start, tid))
    if len(found) > MOST_EVENTS:
        raise EpcisError(f"at most {MOST_EVENTS:,} events at once, got {len(found):,}: send them in parts")
    return found


def telemetry(captured: Captured, site: str, reading: Reading) -> list[Telemetry]:
    """Make the reads that an event tells of; none of one that is corrected, or at a step that the contract has not.

    A pallet whose goods have no numbers of their own is read itself.

    Raises
    ------
    EpcisError
        When it names something that is no EPC.
    """
    event, tids = captured.event, captured.tids
    step = plain(event.biz_step or "")
    step = reading.steps.get(step, step)
    at = event.read_point or event.biz_location
    point = at.id if at else ""
    place = reading.places.get(point, point)[-256:]
    if plain(event.type) not in KINDS or event.error_declaration is not None:
        return []
    if not place or step not in (*STEPS, "encoding"):
        return []
    try:
        codes = [identity(code, reading.prefixes) for code in event.epc_list or event.child_epcs or event.outputs]
        parent = identity(event.parent_id, reading.prefixes) if event.parent_id else ""
    except EpcError as error:
        raise EpcisError(str(error)) from None
    pallet = parent if (":sscc:" in parent or "/00/" in parent) and event.action != "DELETE" else None
    codes = codes or [pallet] if pallet else codes
    chips: list[str | None] = [*tids] if len(tids) == len(codes) else [None] * len(codes)
    common = {"site": site, "device": place[-64:], "time": event.event_time, "biz_step": step}
    made: list[Telemetry] = []
    try:
        for code, chip in zip(codes, chips, strict=True):
            if step != "encoding":
                own = {"read_point": place, "sscc": pallet}
                made.append(msgspec.convert({**common, **own, "epc": code, "tid": chip}, RfidRead))
            elif chip:
                made.append(msgspec.convert({**common, "epc": code, "tid": chip}, RfidEncode))
    except msgspec.ValidationError as error:
        raise EpcisError(str(error)) from None
    return made


def plain(step: str) -> str:
    """Return a business step as CBV's bare word, however it is written."""
    return re.split(r"[:/#-]", step)[-1]


class _Body(Struct):
    event_list: Raw = msgspec.field(default=Raw(), name="eventList")
    event: Raw = Raw()
    results: Raw = msgspec.field(default=Raw(), name="queryResults")


class _Document(Struct):
    type: str
    body: _Body | None = msgspec.field(default=None, name="epcisBody")
    version: str | None = msgspec.field(default=None, name="schemaVersion")


class _Results(Struct):
    body: _Body = msgspec.field(name="resultsBody")


def _of_json(body: bytes, tid: str | None) -> Iterator[Captured]:
    try:
        body.decode()
        document = msgspec.json.decode(body, type=_Document)
        inner = document.body
        if inner is not None and bytes(inner.results):
            inner = msgspec.json.decode(inner.results, type=_Results).body
        listed = (bytes(inner.event_list) or bytes(inner.event)) if inner else b""
        raws = msgspec.json.decode(listed if listed.startswith(b"[") else b"[%b]" % listed, type=list[Raw])
    except UNREADABLE as error:
        raise EpcisError(f"no EPCIS document: {error}") from None
    if plain(document.type) in KINDS:
        yield _captured(0, body, tid)
    elif not listed:
        raise EpcisError("no EPCIS document: expected epcisBody.eventList")
    else:
        for number, raw in enumerate(raws, 1):
            yield _captured(number, bytes(raw), tid)


def _captured(number: int, raw: bytes, tid: str | None) -> Captured:
    try:
        event = msgspec.json.decode(raw, type=Event)
        chips = msgspec.json.decode(raw, type=dict[str, Any]).get(tid, []) if tid else []
    except UNREADABLE as error:
        raise EpcisError(f"event {number}: {error}") from None
    return _checked(number, raw, event, chips)


def _checked(number: int, raw: bytes, event: Event, chips: Any) -> Captured:
    if plain(event.type) not in KINDS and ":" not in event.type:  # with a prefix it is somebody's own
        raise EpcisError(f"event {number}: `type` must be one of {', '.join(KINDS)}")
    listed = chips if isinstance(chips, list) else [chips]
    key = event.event_id.encode() if event.event_id else sha256(raw).digest()
    return Captured(key, event, [chip for chip in listed if isinstance(chip, str)])


def _of_xml(body: bytes, tid: str | None) -> Iterator[Captured]:
    try:
        root = parse(body)
    except XmlError as error:
        raise EpcisError(str(error)) from None
    if local(root) not in ("EPCISDocument", "EPCISQueryDocument", *KINDS):
        raise EpcisError(f"no EPCIS document: its root is {local(root)[:60]}")
    number = 0
    for element in root.iter():
        if local(element) in KINDS:
            number += 1
            try:
                event = msgspec.convert(_fields(element), Event)
            except msgspec.ValidationError as error:
                raise EpcisError(f"event {number}: {error}") from None
            chips = [text(one) for one in every(element, tid.rpartition(":")[2])] if tid else []
            yield _checked(number, tostring(element), event, chips)


def _fields(element: Element) -> dict[str, Any]:
    """Bring an event of XML into the shape of JSON."""
    found: dict[str, Any] = {"type": local(element)}
    for name in ("eventTime", "eventTimeZoneOffset", "action", "bizStep", "parentID"):
        if (one := child(element, name)) is not None:
            found[name] = text(one)
    for name in ("epcList", "childEPCs", "outputEPCList"):
        if (one := child(element, name)) is not None:
            found[name] = [text(epc) for epc in one]
    for name in ("readPoint", "bizLocation"):
        if (place := child(element, name)) is not None:
            found[name] = {"id": text(child(place, "id"))}
    if (one := next(every(element, "eventID"), None)) is not None:
        found["eventID"] = text(one)
    if next(every(element, "errorDeclaration"), None) is not None:
        found["errorDeclaration"] = {}
    return found
