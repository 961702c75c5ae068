"""The public interface as AsyncAPI 3.0 with JSON Schemas, generated from the types that decode and publish."""

from functools import reduce
from importlib.metadata import version
from typing import Any

from msgspec import json

from streams.incidents.model import Command, Finding, Incident
from streams.telemetry import decode_control, examples
from streams.telemetry.camera import NUMBERS, CameraStatus
from streams.telemetry.control import Action
from streams.telemetry.decode import AHEAD_S, BEHIND_S, DOMAINS, MOST_BYTES, MOST_OBJECTS
from streams.telemetry.envelope import SITE_PATTERN
from streams.telemetry.evidence import PLATFORM, Link

Document = dict[str, Any]

DESCRIPTION = f"""A record's value is one JSON object or an array of them (a batch: at most {MOST_OBJECTS:,} objects, \
at most {MOST_BYTES:,} bytes, all of one site); both mean the same. Any Kafka client and any of Kafka's codecs will do.

Unknown fields are ignored; an optional field that is null is absent; an empty batch is nothing. Each object that \
cannot be taken goes alone, untouched, to `dead-letters`. That includes a key that is not the object's `site` and a \
`time` more than {AHEAD_S / 3600:g} h ahead of or {BEHIND_S / 86400:g} days behind its arrival. An integer is `4`, \
not `4.0`."""

PUBLISHED: dict[str, tuple[Any, str, str]] = {
    "findings": (Finding, "the site", "One thing that a detector saw."),
    "incidents": (Incident, "the incident's id", "The whole incident, at every change. Compacted."),
    "commands": (Command, "the site", "What the site should do now."),
    "evidence": (Link, f"the site; `{PLATFORM}` for what belongs to none", "Sealed links of the site's hash chain."),
}
SITE_KEY = {"type": "string", "pattern": SITE_PATTERN, "description": "the site"}
REFUSAL_HEADERS = {
    "reason": "what is wrong, in words",
    "field": "dotted path of the field at fault; empty when it is none",
    "topic": "where the record came from",
    "partition": "where the record came from",
    "offset": "where the record came from",
    "principal": "who produced it, as far as known",
}


def document() -> Document:
    """Build the AsyncAPI document, ready to be printed as JSON."""
    topics = {**_telemetry(), **_control(), **_published(), "dead-letters": _dead_letters()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tocsin",
            "version": version("tocsin"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, message) for topic, (_, message) in topics.items()},
        "operations": {f"{action}.{topic}": _operation(action, topic) for topic, (action, _) in topics.items()},
        "components": {
            "messages": {topic: message for topic, (_, message) in topics.items()},
            "schemas": schemas(),
        },
    }


def schemas() -> Document:
    """Build the JSON Schema of every object type, by the type's name, and of every telemetry topic's value."""
    unions = [module.Event for module in DOMAINS.values()]
    types = [kind for union in unions for kind in union.__args__]
    types += [kind for kinds in decode_control.KINDS.values() for kind in kinds]
    types += [kind for kind, _, _ in PUBLISHED.values()]
    _, parts = json.schema_components(types, ref_template="#/components/schemas/{name}")
    parts[CameraStatus.__name__] |= {
        "if": {"properties": {"connected": {"const": True}}},
        "then": {"required": list(NUMBERS), "properties": {name: {"type": "number"} for name in NUMBERS}},
    }
    parts[Action.__name__] |= {
        "if": {"properties": {"action": {"const": "note"}}},
        "then": {"required": ["note"], "properties": {"note": {"type": "string"}}},
    }
    for topic, kinds in decode_control.KINDS.items():
        if len(kinds) > 1:
            parts[topic] = {"title": topic, "oneOf": [_ref(kind.__name__) for kind in kinds]}
    for module in DOMAINS.values():
        objects = [_ref(kind.__name__) for kind in module.Event.__args__]
        batch = {"type": "array", "maxItems": MOST_OBJECTS, "items": {"oneOf": objects}, "title": "batch"}
        parts[module.TOPIC] = {"title": module.TOPIC, "oneOf": [*objects, batch]}
    for example in reduce(list.__add__, [*examples.TELEMETRY.values(), *examples.CONTROL.values()]):
        _of_type(parts, example["type"])["examples"] = [example]
    for topic, (kind, _, _) in PUBLISHED.items():
        parts[kind.__name__]["examples"] = [examples.PUBLISHED[topic]]
    return parts


def _telemetry() -> dict[str, tuple[str, Document]]:
    return {
        module.TOPIC: ("receive", _message(_summary(module), module.TOPIC, SITE_KEY, examples.TELEMETRY[module.TOPIC]))
        for module in DOMAINS.values()
    }


def _control() -> dict[str, tuple[str, Document]]:
    found = {}
    for topic, kinds in decode_control.KINDS.items():
        key = {"type": "string", "minLength": 1, "description": f"the object's `{decode_control.KEYS[topic]}`"}
        kept = "Kept for ever." if topic in decode_control.KEPT else "Compacted; an empty value takes it back."
        summary = " ".join([*map(_summary, kinds), kept])
        schema = kinds[0].__name__ if len(kinds) == 1 else topic
        found[topic] = ("receive", _message(summary, schema, key, examples.CONTROL[topic]))
    return found


def _published() -> dict[str, tuple[str, Document]]:
    return {
        topic: ("send", _message(summary, kind.__name__, {"type": "string", "description": key}, [_example(topic)]))
        for topic, (kind, key, summary) in PUBLISHED.items()
    }


def _dead_letters() -> tuple[str, Document]:
    headers = {name: {"type": "string", "description": text} for name, text in REFUSAL_HEADERS.items()}
    return "send", {
        "summary": "The refused bytes, untouched.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "properties": headers, "required": list(headers)},
        "payload": {"description": "any bytes"},
        "examples": [{"name": "a supply without frequency", **examples.DEAD_LETTER}],
        "bindings": {"kafka": {"key": {"type": "string", "description": "the site or the record's key"}}},
    }


def _message(summary: str, schema: str, key: Document, shown: list[Document]) -> Document:
    return {
        "summary": summary,
        "contentType": "application/json",
        "payload": _ref(schema),
        "bindings": {"kafka": {"key": key}},
        "examples": [{"name": str(example.get("type", schema)), "payload": example} for example in shown],
    }


def _channel(topic: str, message: Document) -> Document:
    return {
        "address": topic,
        "description": message["summary"],
        "messages": {topic: {"$ref": f"#/components/messages/{topic}"}},
        "bindings": {"kafka": {"topic": topic}},
    }


def _operation(action: str, topic: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{topic}"}],
    }


def _of_type(parts: Document, tag: str) -> Document:
    found: Document = next(part for part in parts.values() if part.get("properties", {}).get("type") == {"enum": [tag]})
    return found


def _example(topic: str) -> Document:
    return examples.PUBLISHED[topic]


def _summary(documented: Any) -> str:
    return str(documented.__doc__).strip().partition("\n")[0]


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}
