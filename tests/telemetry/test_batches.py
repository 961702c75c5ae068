"""Batches: arrays of objects mean the same as the objects one by one, and a bad one goes alone."""

import pytest

from streams.telemetry.decode import LANES, MOST_BYTES, MOST_OBJECTS, Refusal
from streams.telemetry.slices import elements, members

from .sent import EXAMPLES, NOW, SITE, example, refused, send, taken, wire, with_literal

GOOD = wire(example("power.reading"))


@pytest.mark.parametrize("domain", ["power", "alarm", "camera", "rfid", "shipment"])
def test_a_batch_means_the_same_as_its_objects(domain: str) -> None:
    objects = [given for own, given in EXAMPLES if own == domain]
    singles = [arrival for given in objects for arrival in taken(wire(given), domain=domain)]
    assert taken(wire(objects), domain=domain) == singles


@pytest.mark.parametrize("value", [b"[]", b" [ \n ] "])
@pytest.mark.parametrize("key", [SITE, None, b"other"])
def test_an_empty_batch_is_nothing(value: bytes, key: bytes | None) -> None:
    assert send(value, key=key) == ([], [])


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (wire(example("power.reading", voltage=5000)), "out_of_range"),
        (wire(example("alarm.heartbeat")), "wrong_topic"),
        (wire(example("power.reading", site="FR-75-OTHER")), "wrong_key"),
        (wire(example("power.reading", time="2020-01-01T00:00:00Z")), "bad_time"),
        (wire([example("power.reading")]), "wrong_type"),
        (b"[]", "wrong_type"),
        (b"17", "wrong_type"),
        (b"null", "wrong_type"),
        (b'"a, ] \\" [ string"', "wrong_type"),
        (GOOD.replace(b"meter-a", b"\xff"), "not_json"),
        (with_literal("power.reading", "vendor", "NaN"), "not_json"),
        (with_literal("power.reading", "vendor", '"\\ud800"'), "not_json"),
        (with_literal("power.reading", "vendor", "[" * 5000 + "]" * 5000), "not_json"),
        (b"{'type': 'power.reading'}", "not_json"),
    ],
    ids=lambda given: repr(given)[:24],
)
def test_a_bad_object_is_refused_alone_with_its_own_bytes(raw: bytes, code: str) -> None:
    arrivals, refusals = send(b"[ " + GOOD + b" ,\n\t" + raw + b" , " + GOOD + b"]")
    assert len(arrivals) == 2
    assert [(refusal.code, refusal.raw) for refusal in refusals] == [(code, raw)]


def test_every_object_of_a_batch_under_a_wrong_key_is_refused() -> None:
    arrivals, refusals = send(wire([example("power.reading")] * 3), key=b"FR-75-OTHER")
    assert not arrivals
    assert [refusal.code for refusal in refusals] == ["wrong_key"] * 3


@pytest.mark.parametrize(
    "value",
    [b"[" + GOOD, b"[" + GOOD + b",]", b"[," + GOOD + b"]", b"[" + GOOD + b"]]", b"[" + GOOD + b"}", b"[{]},{}]"],
    ids=["cut", "trailing comma", "leading comma", "closed twice", "closed wrongly", "crossed"],
)
def test_an_array_that_is_no_json_is_refused_whole(value: bytes) -> None:
    refusal = refused(value)
    assert (refusal.code, refusal.raw) == ("not_json", value)


def test_a_batch_holds_a_thousand_objects() -> None:
    small = {name: value for name, value in example("power.reading").items() if name != "load"}
    assert len(taken(wire([small] * MOST_OBJECTS))) == MOST_OBJECTS
    over = wire([small] * (MOST_OBJECTS + 1))
    assert refused(over) == Refusal("a batch holds at most 1,000 objects, got 1,001", "", over, "too_large")
    assert refused(over.replace(b"231.4", b"NaN", 1)).code == "too_large"


def test_a_batch_holds_a_mebibyte() -> None:
    padding = MOST_BYTES - len(wire([example("power.reading", vendor="")]))
    assert taken(wire([example("power.reading", vendor="x" * padding)]))
    over = wire([example("power.reading", vendor="x" * (padding + 1))])
    refusal = refused(over)
    assert (refusal.code, refusal.raw) == ("too_large", over)


def test_the_short_way_takes_what_is_judged_alike_and_leaves_the_rest() -> None:
    lane = LANES["power"]
    assert lane.take(SITE, GOOD, NOW) == lane.judge(SITE, GOOD, NOW)[0]
    for record in [
        (None, GOOD, NOW),
        (SITE, b"[" + GOOD + b"]", NOW),
        (SITE, None, NOW),
        (SITE, b"", NOW),
        (SITE, b"null", NOW),
        (SITE, GOOD, NOW + 8 * 86400),
        (SITE, GOOD, NOW - 2 * 86400),
        (SITE, wire(example("power.reading", device="é")), NOW),
        (SITE, wire(example("power.reading", vendor="x" * MOST_BYTES)), NOW),
    ]:
        assert lane.take(*record) is None
        assert lane.judge(*record)


def test_slices_are_the_untouched_bytes() -> None:
    assert elements(b'[ {"a": 1 } ,NaN, "],[" ]') == [b'{"a": 1 }', b"NaN", b'"],["']
    assert elements(b'{"a":1}') is None
    assert members(b'{"a" : [1, NaN], "b":"}", "c":{"d":,}}') == {"a": b"[1, NaN]", "b": b'"}"', "c": b'{"d":,}'}
    assert members(b"[1]") is None
    assert members(b"{a:1}") is None
