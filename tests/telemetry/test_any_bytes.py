"""Nothing that a record may hold makes the decoder raise, and nothing gets lost."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.telemetry.decode import DOMAINS, Arrival, decode, decode_control
from streams.telemetry.decode_control import KINDS
from streams.telemetry.examples import CONTROL
from streams.telemetry.recording import latest_time
from streams.telemetry.refusal import CODES, MOST_BYTES, Refusal

from .sent import EXAMPLES, NOW, SITE, wire

DOMAIN = st.sampled_from(list(DOMAINS))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def judged(domain: str, key: bytes | None, value: bytes | None) -> None:
    arrivals, refusals = decode(domain, key, value, NOW)
    assert all(isinstance(arrival, Arrival) for arrival in arrivals)
    for refusal in refusals:
        assert refusal.code in CODES
        assert refusal.reason.isprintable()
        assert refusal.raw in (value or b"")
    if value and value.strip(b" \t\r\n")[:1] != b"[":
        assert len(arrivals) + len(refusals) == 1
    latest_time(value)


@settings(max_examples=300, deadline=None)
@given(DOMAIN, st.none() | st.binary(max_size=40) | st.just(SITE), st.none() | st.binary(max_size=200))
def test_any_bytes(domain: str, key: bytes | None, value: bytes | None) -> None:
    judged(domain, key, value)


@settings(max_examples=300, deadline=None)
@given(DOMAIN, JSON)
def test_any_json(domain: str, value: object) -> None:
    judged(domain, SITE, json.dumps(value).encode())


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_any_damage_to_an_object(case: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    domain, sent = case
    fields = data.draw(st.dictionaries(st.sampled_from(list(sent)), JSON, max_size=3))
    raw = bytearray(json.dumps({**sent, **fields}).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        raw = raw or bytearray(b" ")
    judged(domain, SITE, bytes(raw))
    arrivals, refusals = decode(domain, SITE, b"[" + wire(sent) + b"," + bytes(raw) + b"]", NOW)
    assert arrivals or refusals


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(KINDS)), st.none() | st.binary(max_size=20), st.none() | st.binary(max_size=200) | JSON)
def test_any_control_record(topic: str, key: bytes | None, value: Any) -> None:
    raw = value if isinstance(value, bytes | None) else json.dumps({**CONTROL[topic][0], "id": value}).encode()
    answer = decode_control(topic, key, raw)
    if isinstance(answer, Refusal):
        assert answer.code in CODES


@pytest.mark.parametrize(
    "poison",
    [
        b"[" * MOST_BYTES,
        b'"' * MOST_BYTES,
        b"\\" * MOST_BYTES,
        b"[" + b'"\\' * 500_000 + b"]",
        b"[" + b"{}," * 300_000 + b"{}]",
        b"[" + b"{," * 300_000 + b"{}]",
        b"\xff" * 2 * MOST_BYTES,
    ],
    ids=lambda poison: repr(poison[:6]),
)
def test_the_largest_poison_takes_no_more_than_linear_time(poison: bytes) -> None:
    began = time.process_time()
    judged("power", SITE, poison)
    assert time.process_time() - began < 3.0
