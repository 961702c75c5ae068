"""What people send: forms read into control records, or refused in words that the page shows."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from streams.console.people import Person
from streams.incidents.model import Incident
from streams.telemetry.control import Action, Maintenance, Verdict

VERDICTS = {
    "true_positive": "True positive: it was an attack or an attempt",
    "false_positive": "False positive: nothing happened",
    "benign": "Benign: it happened and was allowed",
    "test": "Test: somebody tried the system",
}
LASTING = {"30": "30 minutes", "60": "1 hour", "120": "2 hours", "240": "4 hours", "480": "8 hours", "1440": "1 day"}
"""Minutes that a silence may last."""
LONGEST_AHEAD = timedelta(days=90)
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")

T = TypeVar("T")
Form = Mapping[str, str]


class FormError(ValueError):
    """Something is missing or wrong; the message says what."""


def action(form: Form, kind: str, incident: Incident, person: Person, now: datetime) -> Action:
    """Read what somebody does about an incident. Raises `FormError`."""
    note, to = _text(form, "note"), _text(form, "to")
    if kind == "note" and note is None:
        raise FormError("A note needs words.")
    given = {"type": "incident.action", "id": _id(form), "site": incident.site, "incident": incident.id, "action": kind}
    return _made(Action, given | {"by": person.name, "time": now, "note": note, "to": to if kind == "assign" else None})


def verdict(form: Form, incident: Incident, person: Person, now: datetime) -> Verdict:
    """Read a verdict. Raises `FormError`."""
    said = form.get("verdict", "")
    if said not in VERDICTS:
        raise FormError("Choose one of the four verdicts.")
    given = {"type": "incident.verdict", "incident": incident.id, "site": incident.site, "verdict": said}
    return _made(Verdict, given | {"by": person.name, "time": now, "note": _text(form, "note")})


def silence(form: Form, domains: list[str], person: Person, now: datetime) -> Maintenance:
    """Read a silence: of a device, some domains or a whole site, from now or a later time. Raises `FormError`."""
    reason, device = _text(form, "reason"), _text(form, "device")
    if reason is None:
        raise FormError("A silence needs a reason.")
    minutes = form.get("minutes", "")
    if minutes not in LASTING:
        raise FormError("Choose how long it lasts.")
    start = _start(form.get("start", "").strip(), now)
    given = {"type": "site.maintenance", "id": _id(form), "site": form.get("site", "").strip(), "owner": person.name}
    what = {"reason": reason, "domains": domains or None, "devices": [device] if device else None}
    span = {"start": start, "end": start + timedelta(minutes=int(minutes))}
    return _made(Maintenance, given | span | what)


def _start(text: str, now: datetime) -> datetime:
    if not text:
        return now
    try:
        start = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise FormError("The start is no date and time.") from None
    if not now - timedelta(minutes=1) <= start <= now + LONGEST_AHEAD:
        raise FormError("The start lies in the past, or more than 90 days ahead. Times are in UTC.")
    return start


def _id(form: Form) -> str:
    """Return the id that the page gave to this form: sent twice, it is done once."""
    found = form.get("id", "")
    if not _ID.fullmatch(found):
        raise FormError("This form is not one of ours: load the page again.")
    return found


def _text(form: Form, name: str) -> str | None:
    return " ".join(form.get(name, "").split()) or None


def _made(kind: type[T], given: dict[str, Any]) -> T:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise FormError(_said(str(error))) from None


def _said(error: str) -> str:
    words, _, place = error.partition(" - at `$.")
    return f"{place.strip('`')}: {words}." if place else f"{words}."
