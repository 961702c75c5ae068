"""Any JSON or table row into a telemetry object, by a small mapping that a site writes in its `site.toml`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo, fields

from streams.telemetry.decode import DOMAINS
from streams.telemetry.envelope import Telemetry, Text
from streams.telemetry.refusal import UNREADABLE

TYPES: dict[str, type[Telemetry]] = {
    str(kind.__struct_config__.tag): kind for module in DOMAINS.values() for kind in module.Event.__args__
}
MOST_BYTES = 1024 * 1024


class MappingError(ValueError):
    """A message that a mapping does not fit; the message names the field and says why."""


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one field comes about, where a path alone does not tell.

    Attributes
    ----------
    path
        Where the value stands, names parted by dots, numbers within a list; `.` is the whole message.
    value
        A constant instead.
    scale
        What a number is multiplied by.
    words
        What a value's text means: `{ON = true, OFF = false}`.
    split
        What parts the members of a list within one text.
    format
        A time's form (`strptime`) where it is not RFC 3339 or Unix seconds.
    """

    path: Text | None = None
    value: bool | int | float | str | None = None
    scale: float | None = None
    words: dict[str, bool | int | float | str] | None = None
    split: Annotated[str, Meta(min_length=1)] | None = None
    format: Text | None = None


class Recipe(Struct, frozen=True, kw_only=True):
    """What a message becomes."""

    kind: type[Telemetry]
    fields: Mapping[str, str | Rule]
    zone: ZoneInfo | None


def read(payload: bytes) -> Any:
    """Read a message as JSON, or as text where it is none.

    Raises
    ------
    MappingError
        When it is neither, or too long.
    """
    if len(payload) > MOST_BYTES:
        raise MappingError(f"a message has at most {MOST_BYTES:,} bytes, got {len(payload):,}")
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise MappingError("the message is not UTF-8") from None
    try:
        return msgspec.json.decode(payload)
    except UNREADABLE:
        return text.strip()


def build(mapping: Recipe, message: Any, common: Mapping[str, Any]) -> Telemetry:
    """Make an object of a message.

    Parameters
    ----------
    mapping
        What each field is made of.
    message
        A decoded message, or a row by column.
    common
        Site, device and the time to take where the mapping names none.

    Raises
    ------
    MappingError
        With the field that does not come about, and why.
    """
    made = dict(common)
    for info in fields(mapping.kind):
        if info.name in mapping.fields:
            value = _value(info, mapping.fields[info.name], message, mapping.zone)
            made[info.name] = common.get(info.name) if value is None else value
    try:
        return msgspec.convert(made, mapping.kind)
    except msgspec.ValidationError as error:
        raise MappingError(str(error)) from None


def flaws(kind: str, rules: Mapping[str, str | Rule]) -> Iterator[tuple[str, str]]:
    """Find what is wrong with a mapping: the field, and what to do."""
    if kind not in TYPES:
        yield "object", f"must be one of {', '.join(TYPES)}; got {kind}"
        return
    known = {info.name: info for info in fields(TYPES[kind])}
    for name, rule in rules.items():
        if name not in known or name in ("site", "device"):
            wanted = ", ".join(sorted(set(known) - {"site", "device"}))
            yield f"fields.{name}", f"{kind} has no such field; it has {wanted}"
        elif isinstance(rule, Rule) and (rule.path is None) == (rule.value is None):
            yield f"fields.{name}", "give either path (where it stands in the message) or value (a constant)"
    for name, info in known.items():
        if info.required and name not in rules and name not in ("site", "device", "time"):
            yield "fields", f"{kind} needs {name}; say where it stands in the message"


def look(message: Any, path: str) -> Any:
    """Follow a path into a message; None where it leads nowhere."""
    if path == ".":
        return message
    if isinstance(message, dict) and path in message:
        return message[path]
    for step in path.split("."):
        if isinstance(message, dict):
            message = message.get(step)
        elif isinstance(message, Sequence) and not isinstance(message, str) and step.isdecimal():
            message = message[int(step)] if len(step) < 6 and int(step) < len(message) else None
        else:
            return None
    return message


def _value(info: FieldInfo, given: str | Rule, message: Any, zone: ZoneInfo | None) -> Any:
    rule = Rule(path=given) if isinstance(given, str) else given
    value = rule.value if rule.path is None else look(message, rule.path)
    if rule.words is not None and isinstance(value, str | int | float):
        value = rule.words.get(str(value), value)
    if value is None or value == "":
        return None
    if rule.split is not None and isinstance(value, str):
        value = [part.strip() for part in value.split(rule.split) if part.strip()]
    if "time" in info.name or info.name.startswith("window_"):
        return moment(value, rule.format, zone, info.name)
    if isinstance(value, str) and not rule.split:
        value = value.strip()
    try:
        value = value if rule.scale is None else float(str(value)) * rule.scale
        return msgspec.convert(value, info.type, strict=False)
    except (msgspec.ValidationError, ValueError, TypeError, OverflowError) as error:
        raise MappingError(f"`{info.name}`: {error}") from None


def moment(value: Any, form: str | None, zone: ZoneInfo | None, name: str) -> datetime:
    """Read a time: RFC 3339, Unix seconds or milliseconds, or of the given form; `zone` for one that names none.

    Raises
    ------
    MappingError
        When it is none, or its zone is unknown.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        text = str(value).strip()
        at = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form).replace(tzinfo=zone)
    except (ValueError, OverflowError, OSError) as error:
        raise MappingError(f"`{name}`: no time: {error}") from None
    if at.tzinfo is None:
        if zone is None:
            raise MappingError(f"`{name}`: {text} has no zone; set the source's timezone")
        at = at.replace(tzinfo=zone)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise MappingError(f"`{name}`: no time: {error}") from None
