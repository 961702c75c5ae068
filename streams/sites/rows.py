"""Objects out of a file: NDJSON, one object a line, or CSV, whose first line names the fields."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from msgspec import MsgspecError, json

from streams.sites.wire import RefusedError
from streams.telemetry.decode import LANES
from streams.telemetry.refusal import Refusal

KINDS = {kind: struct for lane in LANES.values() for kind, struct in lane.types.items()}
LIST_SIGN = ";"
"""What stands between the elements of a list in a cell, where it is not JSON."""

Given = dict[str, Any] | bytes


class Row(NamedTuple):
    """One object as a file has it; `fault` says why it is none, where that is known."""

    line: int
    given: Given
    fault: RefusedError | None = None


class RowsError(ValueError):
    """A file that can't be read at all; the message says what to do."""


def ndjson(lines: Iterable[bytes], defaults: Mapping[str, str]) -> Iterator[Row]:
    """Read one JSON object a line; `defaults` fill in fields that it lacks."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        try:
            fields = json.decode(text, type=dict[str, Any]) if defaults else None
        except (MsgspecError, UnicodeDecodeError, RecursionError):
            fields = None  # whoever publishes it says what is wrong
        lacking = defaults.keys() - fields.keys() if fields is not None else ()
        yield Row(number, typed({**defaults, **fields}, lacking) if fields is not None and lacking else text)


def table(lines: Iterable[bytes], defaults: Mapping[str, str]) -> Iterator[Row]:
    """Read CSV: empty cells are absent fields, lists are JSON or parted by `;`, `defaults` fill in what is absent.

    Raises
    ------
    RowsError : the first line does not name the fields.
    """
    reader = csv.reader(line.decode("utf-8-sig", "replace") for line in lines)
    try:
        yield from _rows(reader, defaults)
    except csv.Error as error:
        raise RowsError(f"line {reader.line_num}: not CSV: {error}") from error


def _rows(reader: Any, defaults: Mapping[str, str]) -> Iterator[Row]:
    names: list[str] = next(reader, [])
    known = {field for kind in KINDS.values() for field in kind.__struct_fields__} | {"type"}
    if not known & set(names):
        raise RowsError(f"the first line must name the fields, like type,device,time,…; it is {','.join(names)[:80]!r}")
    for cells in reader:
        if not any(cells):
            continue
        fields = {**defaults, **{name: cell for name, cell in zip(names, cells, strict=False) if cell != ""}}
        fault = None
        if len(cells) != len(names):
            reason = f"{len(cells)} cells, the first line names {len(names)} fields"
            fault = RefusedError(Refusal(reason, "", ",".join(cells).encode(), "not_json"))
        yield Row(reader.line_num, typed(fields, fields), fault)


def typed(fields: dict[str, Any], texts: Iterable[str]) -> dict[str, Any]:
    """Read the fields that are given as text as what their object has there; what can't be read stays text."""
    schema = _schema(str(fields.get("type", "")))
    return fields | {name: _value(fields[name], schema.get(name, "string")) for name in texts}


@cache
def _schema(kind: str) -> dict[str, str]:
    """Tell the JSON type of each field of an object."""
    if kind not in KINDS:
        return {}
    (_, parts) = json.schema_components([KINDS[kind]])
    found = {}
    for name, field in parts[KINDS[kind].__name__]["properties"].items():
        options = [option for option in field.get("anyOf", [field]) if option.get("type") != "null"]
        found[name] = str(options[0].get("type", "string"))
    return found


def _value(text: str, kind: str) -> Any:
    text = text.strip()
    if kind == "string":
        return text
    if kind == "array" and not text.startswith("["):
        return [part.strip() for part in text.split(LIST_SIGN) if part.strip()]
    try:
        return json.decode(text.lower() if kind == "boolean" else text)
    except MsgspecError:
        return text
