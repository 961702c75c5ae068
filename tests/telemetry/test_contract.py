"""The published contract: well-formed, and of one mind with the decoder."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker

from streams.telemetry.camera import NUMBERS
from streams.telemetry.contract import document
from streams.telemetry.decode import DOMAINS, decode, decode_control
from streams.telemetry.decode_control import KEYS
from streams.telemetry.examples import CONTROL, TELEMETRY
from streams.telemetry.refusal import Refusal

from .sent import EXAMPLES, NOW, Object, example, wire

DOCUMENT: Object = json.loads(json.dumps(document()))
TOPICS = {*TELEMETRY, *CONTROL, "findings", "incidents", "commands", "evidence", "dead-letters"}


def follow(ref: str) -> Any:
    found: Any = DOCUMENT
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [ref for one in part for ref in references(one)]
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for one in part.values() for ref in references(one)]
    return []


def validator(topic: str) -> Draft7Validator:
    schema = {**follow(f"#/components/messages/{topic}/payload"), "components": DOCUMENT["components"]}
    return Draft7Validator(schema, format_checker=FormatChecker())


VALIDATORS = {topic: validator(topic) for topic in TOPICS - {"dead-letters"}}


def test_every_public_topic_is_a_channel_with_one_operation_and_one_message() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert set(DOCUMENT["channels"]) == TOPICS
    assert {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()} == {
        f"#/channels/{topic}" for topic in TOPICS
    }
    for topic, channel in DOCUMENT["channels"].items():
        assert channel["address"] == topic
        assert follow(channel["messages"][topic]["$ref"])["payload"]


def test_every_reference_leads_somewhere() -> None:
    for ref in references(DOCUMENT):
        assert follow(ref)


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)
        assert schema.get("title")


@pytest.mark.parametrize("topic", sorted(VALIDATORS))
def test_every_example_is_valid(topic: str) -> None:
    shown = DOCUMENT["components"]["messages"][topic]["examples"]
    assert shown
    for one in shown:
        VALIDATORS[topic].validate(one["payload"])


def test_the_dead_letter_that_is_shown_is_one() -> None:
    message = DOCUMENT["components"]["messages"]["dead-letters"]
    (shown,) = message["examples"]
    Draft7Validator(message["headers"]).validate(shown["headers"])
    raw = shown["payload"].encode()
    (refusal,) = decode("power", b"FR-93-DUGNY", raw, NOW)[1]
    told = shown["headers"]
    assert (refusal.reason, refusal.field, refusal.raw) == (told["reason"], told["field"], raw)


def test_every_object_type_has_an_example() -> None:
    shown = {given["type"] for _, given in EXAMPLES}
    types = {kind.__struct_config__.tag for domain in DOMAINS.values() for kind in domain.Event.__args__}
    assert shown == types


@pytest.mark.parametrize("topic", TELEMETRY)
def test_a_batch_is_valid_up_to_its_bound(topic: str) -> None:
    for objects, good in ((TELEMETRY[topic], True), ([], True), (TELEMETRY[topic][:1] * 1001, False)):
        assert VALIDATORS[topic].is_valid(objects) == good


def test_a_connected_camera_needs_its_numbers() -> None:
    for name in NUMBERS:
        for connected in (True, False):
            silent = example("camera.status", connected=connected, **{name: None})
            assert VALIDATORS["telemetry.camera"].is_valid(silent) != connected


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-200, 1200),
    st.sampled_from([0, 1, -1, 2**63 - 1, 2**63, 10**7, 10**7 + 1, -(10**7), 10**30]),
    st.floats(-200, 1200).filter(lambda number: not number.is_integer()),
    st.sampled_from(["", "x", "x" * 64, "x" * 65, "x" * 256, "x" * 257, "é" * 64, "BA", "BA\n", "E280", "ABC", "AB"]),
    st.sampled_from(
        ["2026-12-04T23:00:00Z", "2026-12-04T23:00:00.5+02:00", "2026-12-04T23:00:00", "2026-02-30T00:00:00Z"]
    ),
    st.sampled_from(
        ["radio", "grid-a", "in", "encoding", "storing", "VideoSource/SignalLoss", "true_positive", "plate"]
    ),
    st.sampled_from(["06:00", "24:00", "6:00", "Europe/Paris"]),
    st.lists(st.sampled_from(["OL", "", 3, None, {}]), max_size=3),
    st.dictionaries(st.sampled_from(["latitude", "x"]), st.integers(0, 3), max_size=2),
)
TELEMETRY_CASES = [(domain, given, field) for domain, given in EXAMPLES for field in given if field != "type"]
CONTROL_CASES = [
    (topic, told, field) for topic, given in CONTROL.items() for told in given for field in told if field != "type"
]


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(TELEMETRY_CASES), VALUES, st.booleans())
def test_decoder_and_schema_agree_on_telemetry(case: tuple[str, Object, str], value: object, remove: bool) -> None:
    domain, given_object, field = case
    changed = {**given_object, field: value}
    if remove:
        del changed[field]
    site = changed.get("site")
    key = site.encode() if isinstance(site, str) else b"FR-93-DUGNY"
    arrivals, _ = decode(domain, key, wire(changed), NOW)
    assert bool(arrivals) == VALIDATORS[f"telemetry.{domain}"].is_valid(changed)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CONTROL_CASES), VALUES, st.booleans())
def test_decoder_and_schema_agree_on_control(case: tuple[str, Object, str], value: object, remove: bool) -> None:
    topic, given_object, field = case
    changed = {**given_object, field: value}
    if remove:
        del changed[field]
    key = str(changed.get(KEYS[topic], "key")).encode() or b"key"
    answer = decode_control(topic, key, wire(changed))
    valid = VALIDATORS[topic].is_valid(changed)
    if isinstance(answer, Refusal):
        # What a schema can't say: known time zones, an end after the start, RFC 5545.
        assert not valid or field in ("timezone", "start", "end", "rrule")
    else:
        assert valid


def test_the_command_prints_it() -> None:
    program = "from streams.cli.contract import command; command()"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert json.loads(printed.stdout) == DOCUMENT
