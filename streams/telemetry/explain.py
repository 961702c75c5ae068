"""Why an object could not be decoded, in words that an operator understands."""

import re
from functools import cache
from typing import Any

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from streams.telemetry.envelope import LARGEST
from streams.telemetry.refusal import Code, Refusal, shown

TOO_DEEP = "not JSON that can be read: nested too deeply"

_object = json.Decoder(dict[str, Raw])
_array = json.Decoder(list[Raw])
_step = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_where = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_missing = re.compile(r"missing required field `(.*)`")
_named = re.compile(r"`(\w+)` ")


def explain(raw: bytes, types: dict[str, type[Struct]], topics: dict[str, str], error: Exception) -> Refusal:
    """Say why an object could not be decoded.

    Parameters
    ----------
    raw : the object's bytes.
    types : what the topic takes, by `type`.
    topics : every known `type` and the topic it belongs on.
    error : what the decoder said.
    """
    flaw = TOO_DEEP if isinstance(error, RecursionError) else _syntax(raw)
    if flaw:
        return Refusal(flaw, "", raw, "not_json")
    try:
        fields = _object.decode(raw)
    except ValidationError:
        return Refusal(f"a JSON object is expected, got {shown(raw)}", "", raw, "wrong_type")
    if "type" not in fields:
        return Refusal("missing field `type`", "type", raw, "missing_field")
    try:
        kind = json.decode(fields["type"], type=str)
    except ValidationError:
        return Refusal(f"`type` must be a string, got {shown(fields['type'])}", "type", raw, "wrong_type")
    if kind not in topics:
        return Refusal(f"unknown type `{shown(kind)}`", "type", raw, "unknown_type")
    if kind not in types:
        here = next(topics[own] for own in types)
        return Refusal(f"type `{kind}` belongs on {topics[kind]}, not {here}", "type", raw, "wrong_topic")
    return _fault(raw, types[kind], str(error))


def _syntax(raw: bytes) -> str:
    try:
        raw.decode()
        _object.decode(raw)
    except UnicodeDecodeError as error:
        return f"not valid UTF-8: byte 0x{raw[error.start]:02x} at position {error.start}"
    except ValidationError:
        return _syntax_of_any(raw)
    except DecodeError as error:
        return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}"
    except RecursionError:
        return TOO_DEEP
    return ""


def _syntax_of_any(raw: bytes) -> str:
    try:
        json.decode(raw, type=Raw)
    except DecodeError as error:
        return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}"
    except RecursionError:
        return TOO_DEEP
    return ""


def _fault(raw: bytes, kind: type[Struct], error: str) -> Refusal:
    found = _where.fullmatch(error)
    what, path = (found["what"], found["path"] or "") if found else (error, "")
    if missing := _missing.search(what):
        path = f"{path}.{missing[1]}".lstrip(".")
        return Refusal(f"missing field `{path}`", path, raw, "missing_field")
    if rule := _named.match(what):  # a struct's own rule, told by its `__post_init__`
        path = f"{path}.{rule[1]}".lstrip(".")
        return Refusal(what, path, raw, "out_of_range")
    code: Code = "out_of_range"
    if "RFC3339" in what or "timezone component" in what:
        code = "bad_time"
    elif "got `" in what:
        code = "wrong_type"
    return Refusal(f"`{path}` must be {expectation(kind, path)}, got {shown(_at(raw, path))}", path, raw, code)


def _at(raw: bytes | Raw, path: str) -> bytes | Raw:
    for name, index in _step.findall(path):
        raw = _array.decode(raw)[int(index)] if index else _object.decode(raw)[name]
    return raw


@cache
def expectation(kind: type[Struct], path: str) -> str:
    """Say in words what a field of a type has to be, from the type itself."""
    (schema,), parts = json.schema_components([kind])
    for name, _ in _step.findall(path):
        schema = _resolve(schema, parts)
        schema = schema["properties"][name] if name else schema["items"]
    return _words(_resolve(schema, parts))


def _resolve(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        schema = next(option for option in schema["anyOf"] if option.get("type") != "null")
    if "$ref" in schema:
        return _resolve(parts[schema["$ref"].rpartition("/")[2]], parts)
    return schema


def _words(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    match schema["type"]:
        case "string" if schema.get("format") == "date-time":
            return "an RFC 3339 time with its zone, like 2026-01-31T23:59:59.000Z"
        case "string" if "pattern" in schema:
            pattern = schema["pattern"].replace(r"(?!\n)", "")
            return f"a string that matches {pattern}"
        case "string":
            return f"a string of {schema['minLength']} to {schema['maxLength']} characters"
        case "integer" | "number" as name:
            return _range("an integer" if name == "integer" else "a number", schema)
        case "boolean":
            return "true or false"
        case "array":
            return "a list"
        case _:
            return "an object"


def _range(noun: str, schema: dict[str, Any]) -> str:
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']:g}"
    low, high = schema["minimum"], schema.get("maximum")
    if high is None:
        return f"{noun} of at least {low:g}"
    return f"{noun} of at least {low:g}, below 2^63" if high == LARGEST else f"{noun} from {low:,.9g} to {high:,.9g}"
