"""EDIFACT DESADV, the despatch advice of warehouse and transport systems, as planned shipments."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydifact.control.characters import Characters
from pydifact.exceptions import EDISyntaxError, ValidationError
from pydifact.parser import Parser
from pydifact.tokenizer import Tokenizer

from streams.sites.formats.epc import EpcError, sscc
from streams.telemetry.shipment import ShipmentPlanned

_FORMS = {"101": "%y%m%d", "102": "%Y%m%d", "201": "%y%m%d%H%M", "203": "%Y%m%d%H%M", "204": "%Y%m%d%H%M%S"}
_DAYS = ("101", "102")
_STARTS, _ENDS = ("234", "64", "11", "17", "2", "137"), ("235", "63")
"""DTM qualifiers in the order in which they are believed: collection, delivery, despatch, …, the message itself."""
_MOST_QUANTITY = 1e12
_CHARSETS = {f"UNO{letter}": f"iso8859-{part}" for letter, part in zip("CDEFGHIJK", "125769834", strict=True)}
"""Of UNB's syntax identifier (ISO 9735); A and B are ASCII, W to Y UTF-8, where nobody mistook them."""
_WITHDRAWN = ("1", "3")
"""BGM's function: a cancellation, a deletion."""
PLAIN = "UNA:+.? '"
"""What parts elements, components and segments where a message does not say (UNA)."""


class DesadvError(ValueError):
    """No despatch advice that can be taken; the message says which part and why."""


class Reading(NamedTuple):
    """How a site's messages are read: whose they are, local time, company prefixes, and how long a window is."""

    site: str
    device: str
    zone: ZoneInfo
    prefixes: Sequence[str]
    window: timedelta


class Segment(NamedTuple):
    """A segment: its tag, and its elements, each a list of components."""

    tag: str
    elements: list[list[str]]

    def at(self, element: int, component: int = 0) -> str:
        """Return a component, empty when it is left out."""
        parts = self.elements[element] if element < len(self.elements) else []
        return parts[component].strip() if component < len(parts) else ""


def read(body: bytes, reading: Reading, at: datetime) -> list[ShipmentPlanned]:
    """Read an interchange: one planned shipment for each DESADV in it.

    Raises
    ------
    DesadvError
        When it is no interchange, or a message in it can't be taken.
    """
    messages = list(_messages(_segments(body)))
    if not messages:
        raise DesadvError("there is no message (UNH … UNT) in it")
    return [_planned(message, reading, at) for message in messages]


def _segments(body: bytes) -> Iterator[Segment]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        said = re.search(rb"UNB.(UNO[C-K])", body)
        text = body.decode(_CHARSETS[said[1].decode()] if said else "latin-1", "replace")
    start = re.search(r"UN[AB]", text)
    if start is None:
        raise DesadvError("no EDIFACT interchange: it begins with UNA or UNB")
    text = text[start.start() :].rstrip()
    try:
        characters = Characters.from_str(text[:9] if text.startswith("UNA") else PLAIN)
        tokens = Tokenizer().get_tokens(text[9:].lstrip() if text.startswith("UNA") else text, characters)
        # Not the library's segments: it validates these against directories that it has of few syntaxes, and is slow.
        for tag, *elements in Parser().convert_tokens_to_raw_segments(tokens):
            yield Segment(str(tag).strip(), [one if isinstance(one, list) else [str(one)] for one in elements])
    except (EDISyntaxError, ValidationError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DesadvError(f"no EDIFACT that can be read: {error}") from None


def _messages(segments: Iterator[Segment]) -> Iterator[list[Segment]]:
    message: list[Segment] | None = None
    for segment in segments:
        if segment.tag == "UNH" and message is not None:
            raise DesadvError("a message does not end (UNT) before the next begins")
        if segment.tag == "UNH":
            if segment.at(1) != "DESADV":
                raise DesadvError(f"message {segment.at(0)} is {segment.at(1) or 'nameless'}, not DESADV")
            message = []
        elif segment.tag == "UNT" and message is not None:
            yield message
            message = None
        if message is not None:
            message.append(segment)
    if message is not None:
        raise DesadvError("a message does not end (UNT)")


def _planned(message: list[Segment], reading: Reading, at: datetime) -> ShipmentPlanned:
    withdrawn = _first(message, "BGM", None, lambda one: ("", one.at(2) if one.at(2) in _WITHDRAWN else ""))
    if withdrawn:
        raise DesadvError(f"BGM: it takes a despatch back (function {withdrawn}), which has to be done by hand")
    start, end = _window(message, reading)
    order = _first(message, "RFF", ("ON", "DQ", "AAU"), lambda one: (one.at(0), one.at(0, 1)))
    number = order or _first(message, "BGM", None, lambda one: ("", one.at(1)))
    if not number:
        raise DesadvError("there is no order number: neither RFF+ON nor BGM's")
    carrier = _first(message, "TDT", None, lambda one: ("", one.at(4, 3) or one.at(4)))
    carrier = carrier or _first(message, "NAD", ("CA", "FW"), lambda one: (one.at(0), one.at(3) or one.at(1)))
    plates = [one.at(7) or one.at(7, 3) for one in message if one.tag == "TDT"]
    plates += [one.at(1) for one in message if one.tag == "EQD" and one.at(0) in ("TE", "TR")]
    return ShipmentPlanned(
        site=reading.site,
        device=reading.device,
        time=at,
        order=number[:256],
        window_start=start,
        window_end=end,
        carrier=carrier[:256] or "unknown",
        plates=[plate[:256] for plate in dict.fromkeys(plates) if plate],
        ssccs=_ssccs(message, reading.prefixes),
        items=round(sum(_amounts(message, "QTY", ("12",)))),
        value=max(_amounts(message, "MOA", ("79", "86", "77", "9")), default=0.0),
        approved_by=[],
    )


def _first(
    message: list[Segment], tag: str, wanted: tuple[str, ...] | None, part: Callable[[Segment], tuple[str, str]]
) -> str:
    """Return the value of the first segment of a tag whose qualifier is wanted, in the order of the qualifiers."""
    found = [part(segment) for segment in message if segment.tag == tag]
    for qualifier in wanted or ("",):
        for own, value in found:
            if value and (wanted is None or own == qualifier):
                return value
    return ""


def _ssccs(message: list[Segment], prefixes: Sequence[str]) -> list[str]:
    """Collect the pallets: GIN+BJ, up to five segments' worth of pairs each."""
    found: dict[str, None] = {}
    for segment in message:
        if segment.tag != "GIN" or segment.at(0) not in ("BJ", "AW"):
            continue
        for number in (part for element in segment.elements[1:] for part in element if part.strip()):
            try:
                found[sscc(number.strip().removeprefix("(00)"), prefixes)] = None
            except EpcError as error:
                raise DesadvError(f"GIN: {error}") from None
    return list(found)


def _amounts(message: list[Segment], tag: str, wanted: tuple[str, ...]) -> list[float]:
    amounts = []
    for segment in message:
        if segment.tag == tag and segment.at(0) in wanted:
            try:
                amount = float(segment.at(0, 1).replace(",", "."))
            except ValueError:
                raise DesadvError(f"{tag}: {segment.at(0, 1)[:40] or 'nothing'} is no number") from None
            if not isfinite(amount) or not 0 <= amount <= _MOST_QUANTITY:
                raise DesadvError(f"{tag}: {segment.at(0, 1)[:40]} is out of range")
            amounts.append(amount)
    return amounts


def _window(message: list[Segment], reading: Reading) -> tuple[datetime, datetime]:
    """Find from when to when the goods may leave; a date alone is that whole day."""
    said = {one.at(0): (one.at(0, 1), one.at(0, 2)) for one in message if one.tag == "DTM"}
    start = next((said[name] for name in _STARTS if name in said), None)
    if start is None:
        raise DesadvError("there is no time: expected DTM+11 (despatch) or DTM+234 (collection)")
    begins = _moment(*start, reading.zone)
    end = next((said[name] for name in _ENDS if name in said), None)
    ends = _moment(*end, reading.zone) if end else begins + reading.window
    if (end or start)[1] in _DAYS:
        ends = (ends if end else begins) + timedelta(days=1)
    return begins, max(ends, begins)


def _moment(text: str, form: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.strptime(text, _FORMS[form]).replace(tzinfo=zone)
        return at if 1970 < at.year < 9000 else _refuse(text, form)
    except (ValueError, KeyError):
        return _refuse(text, form)


def _refuse(text: str, form: str) -> datetime:
    said = f"{text[:40]} is no time of form {form[:10] or '(none)'}"
    raise DesadvError(f"DTM: {said}; the forms {', '.join(_FORMS)} are read") from None
