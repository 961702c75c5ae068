"""What a producer sends, and what becomes of it: the words in which these tests are written."""

import json
from datetime import datetime
from typing import Any

from streams.telemetry.decode import Arrival, Refusal, decode
from streams.telemetry.examples import TELEMETRY

Object = dict[str, Any]
EXAMPLES = [(topic.removeprefix("telemetry."), example) for topic, given in TELEMETRY.items() for example in given]
SITE = b"FR-93-DUGNY"
NOW = datetime.fromisoformat("2026-12-04T23:41:08+00:00").timestamp()


class Gone:
    """Stands for a field that is left out."""


GONE = Gone()


def example(kind: str, **changes: Any) -> Object:
    """Return the example of a type with some fields changed or, by GONE, left out."""
    (found,) = (given for _, given in EXAMPLES if given["type"] == kind)
    changed = {**found, **changes}
    return {name: value for name, value in changed.items() if value is not GONE}


def wire(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def with_literal(kind: str, field: str, literal: str) -> bytes:
    """Return an example's bytes in which a field holds a literal that json.dumps would not write."""
    return wire(example(kind, **{field: "@@"})).replace(b'"@@"', literal.encode())


def send(value: bytes | None, *, domain: str = "power", key: bytes | None = SITE, arrival: float = NOW) -> Any:
    return decode(domain, key, value, arrival)


def taken(value: bytes, **sent: Any) -> list[Arrival]:
    """Send what must be taken."""
    arrivals, refused = send(value, **sent)
    assert not refused, refused
    return list(arrivals)


def refused(value: bytes | None, **sent: Any) -> Refusal:
    """Send one thing that must be refused."""
    arrivals, refusals = send(value, **sent)
    assert not arrivals
    (refusal,) = refusals
    assert isinstance(refusal, Refusal)
    return refusal
