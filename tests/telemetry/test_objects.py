"""Single objects: what is taken, what is refused, and in which words."""

import pytest

from streams.telemetry.camera import CameraStatus
from streams.telemetry.decode import RANKS
from streams.telemetry.power import PowerReading, PowerStatus

from .sent import EXAMPLES, GONE, NOW, SITE, Object, example, refused, send, taken, wire, with_literal

READING = "power.reading"


@pytest.mark.parametrize(("domain", "given"), EXAMPLES, ids=lambda given: given if isinstance(given, str) else "")
def test_every_type_is_taken(domain: str, given: Object) -> None:
    (arrival,) = taken(wire(given), domain=domain)
    assert arrival.rank == RANKS[domain]
    assert arrival.event.device == given["device"]
    assert arrival.event.sequence == 4711


@pytest.mark.parametrize(("domain", "given"), EXAMPLES, ids=lambda given: given if isinstance(given, str) else "")
def test_null_is_absent_in_optional_fields_and_missing_in_the_others(domain: str, given: Object) -> None:
    for field in given.keys() - {"type"}:
        absent, refusals_absent = send(wire({k: v for k, v in given.items() if k != field}), domain=domain)
        null, refusals_null = send(wire({**given, field: None}), domain=domain)
        assert [arrival.event for arrival in absent] == [arrival.event for arrival in null]
        assert [refusal.field for refusal in refusals_absent] == [refusal.field for refusal in refusals_null]
        for refusal in refusals_absent:
            assert (refusal.code, refusal.reason) == ("missing_field", f"missing field `{field}`")


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("2026-12-04T23:41:07Z", 0.0),
        ("2026-12-04T23:41:07.250Z", 0.25),
        ("2026-12-05T00:41:07.250+01:00", 0.25),
        ("2026-12-04T18:11:07.250-05:30", 0.25),
        ("2026-12-04T23:41:07.2506Z", 0.251),
        ("2026-12-04T23:41:07.123456789Z", 0.123),
    ],
)
def test_time_is_utc_to_the_millisecond(sent: str, seconds: float) -> None:
    single = taken(wire(example(READING, time=sent)))
    batch = taken(wire([example(READING, time=sent)]))
    assert [arrival.time for arrival in single + batch] == [NOW - 1 + seconds] * 2


def test_unknown_fields_are_ignored_whatever_they_hold() -> None:
    extra = {"vendor": {"deep": [1, None, "é"]}, "fw": "7.2"}
    assert taken(wire(example(READING, **extra)))[0].event == taken(wire(example(READING)))[0].event
    for literal in ["1e999", "1" + "0" * 5000, '"\\u00e9"', "-0.0"]:
        assert taken(with_literal(READING, "vendor", literal))


def test_unknown_ups_flags_are_kept() -> None:
    (arrival,) = taken(wire(example("power.status", status=["OL", "VENDOR-X"])))
    assert isinstance(arrival.event, PowerStatus)
    assert arrival.event.status == ["OL", "VENDOR-X"]


def test_a_dead_feed_and_whole_numbers_are_taken() -> None:
    (arrival,) = taken(wire(example(READING, voltage=0, frequency=0)))
    assert isinstance(arrival.event, PowerReading)
    assert arrival.event.voltage == 0


def test_a_camera_without_connection_sends_zeros_or_leaves_the_numbers_out() -> None:
    names = ("fps", "bitrate", "luminance", "sharpness", "scene_change")
    for numbers in (dict.fromkeys(names, 0), dict.fromkeys(names, GONE), {}):
        (arrival,) = taken(wire(example("camera.status", connected=False, **numbers)), domain="camera")
        assert isinstance(arrival.event, CameraStatus)
        assert not arrival.event.connected


@pytest.mark.parametrize("text", ["é" * 64, "\N{LEFTWARDS ARROW}", "\N{FULL MOON SYMBOL}", "x"])
def test_text_is_counted_in_characters(text: str) -> None:
    assert taken(wire(example(READING, device=text)))[0].event.device == text


def bad(field: str, value: object, code: str, words: str, kind: str = READING) -> object:
    return pytest.param(kind, field, value, code, words, id=f"{field}={value!r:.30}")


@pytest.mark.parametrize(
    ("kind", "field", "value", "code", "words"),
    [
        bad("voltage", 2300, "out_of_range", "`voltage` must be a number from 0 to 1,000, got 2300"),
        bad("voltage", -1, "out_of_range", "from 0 to 1,000, got -1"),
        bad("voltage", "231", "wrong_type", 'must be a number from 0 to 1,000, got "231"'),
        bad("voltage", True, "wrong_type", "got true"),
        bad("voltage", [230], "wrong_type", "got [230]"),
        bad("frequency", 100.1, "out_of_range", "`frequency` must be a number from 0 to 100, got 100.1"),
        bad("load", 1e7 + 1, "out_of_range", "from -10,000,000 to 10,000,000"),
        bad("load", -1e7 - 1, "out_of_range", "from -10,000,000 to 10,000,000"),
        bad("feed", "grid-c", "out_of_range", '`feed` must be one of generator, grid-a, grid-b, ups, got "grid-c"'),
        bad("sequence", 4.0, "wrong_type", "`sequence` must be an integer of at least 0, below 2^63, got 4.0"),
        bad("sequence", True, "wrong_type", "got true"),
        bad("sequence", -1, "out_of_range", "got -1"),
        bad("sequence", 2**63, "out_of_range", "below 2^63"),
        bad("device", "", "out_of_range", '`device` must be a string of 1 to 64 characters, got ""'),
        bad("device", "x" * 65, "out_of_range", "1 to 64 characters"),
        bad("device", 7, "wrong_type", "got 7"),
        bad("site", "fr-93", "out_of_range", "`site` must be a string that matches ^[A-Z0-9-]{3,32}$, got fr-93"),
        bad("site", "FR", "out_of_range", "{3,32}"),
        bad("site", "F" * 33, "out_of_range", "{3,32}"),
        bad("site", "FR-93-DUGNY\n", "out_of_range", "{3,32}"),
        bad("type", 3, "wrong_type", "`type` must be a string, got 3"),
        bad("type", "power.telemetry2", "unknown_type", "unknown type `power.telemetry2`"),
        bad("type", "alarm.heartbeat", "wrong_topic", "belongs on telemetry.alarm, not telemetry.power"),
        bad("type", GONE, "missing_field", "missing field `type`"),
        bad("status", ["OL", ""], "out_of_range", "`status[1]` must be a string", "power.status"),
        bad("status", ["OL", 3], "wrong_type", "`status[1]` must be a string of 1 to 256 char", "power.status"),
        bad("status", "OL", "wrong_type", "`status` must be a list", "power.status"),
        bad("status", GONE, "missing_field", "missing field `status`", "power.status"),
        bad("battery_charge", 101, "out_of_range", "from 0 to 100", "power.status"),
        bad("battery_runtime", -1, "out_of_range", "a number of at least 0", "power.status"),
        bad("rssi", 31, "out_of_range", "from -150 to 30", "alarm.heartbeat"),
        bad("noise_floor", -151, "out_of_range", "from -150 to 30", "alarm.heartbeat"),
        bad("packet_loss", 1.01, "out_of_range", "from 0 to 1", "alarm.heartbeat"),
        bad("path", "lora", "out_of_range", "one of cellular, ip, radio", "alarm.heartbeat"),
        bad("code", "BA\n", "out_of_range", "^[A-Z]{2}$", "alarm.signal"),
        bad("code", "ba", "out_of_range", "^[A-Z]{2}$", "alarm.signal"),
        bad("zone", "z" * 257, "out_of_range", "1 to 256 characters", "alarm.signal"),
        bad("connected", 1, "wrong_type", "true or false", "camera.status"),
        bad("fps", 1001, "out_of_range", "from 0 to 1,000", "camera.status"),
        bad("fps", GONE, "missing_field", "missing field `fps`", "camera.status"),
        bad("scene_change", GONE, "missing_field", "missing field `scene_change`", "camera.status"),
        bad("bitrate", -1, "out_of_range", "at least 0", "camera.status"),
        bad("topic", "VideoSource/Sideways", "out_of_range", "VideoSource/SignalLoss", "camera.event"),
        bad("disks", 7.5, "wrong_type", "an integer", "recorder.status"),
        bad("oldest_footage", "2026-11-04T00:00:00", "bad_time", "with its zone", "recorder.status"),
        bad("tid", "XYZ", "out_of_range", "^[0-9A-Fa-f]", "rfid.read"),
        bad("tid", GONE, "missing_field", "missing field `tid`", "rfid.encode"),
        bad("biz_step", "loading", "out_of_range", "one of encoding", "rfid.encode"),
        bad("counted", -1, "out_of_range", "at least 0", "rfid.count"),
        bad("plates", ["A", "B", 3], "wrong_type", "`plates[2]`", "shipment.planned"),
        bad("window_end", "tomorrow", "bad_time", "RFC 3339", "shipment.planned"),
        bad("value", -0.01, "out_of_range", "at least 0", "shipment.planned"),
        bad("likelihood", 1.5, "out_of_range", "from 0 to 1", "shipment.gate"),
        bad("direction", "up", "out_of_range", "one of in, out", "shipment.gate"),
        bad("items", 4.0, "wrong_type", "an integer", "shipment.loaded"),
        bad("pallets", GONE, "missing_field", "missing field `pallets`", "shipment.departed"),
    ],
)
def test_a_field_is_refused_by_name(kind: str, field: str, value: object, code: str, words: str) -> None:
    raw = wire(example(kind, **{field: value}))
    refusal = refused(raw, domain=kind.partition(".")[0].replace("recorder", "camera"))
    assert refusal.code == code
    assert words in refusal.reason
    assert refusal.field.partition("[")[0] == field
    assert refusal.raw == raw


@pytest.mark.parametrize(
    ("time", "code", "words"),
    [
        ("2026-12-04T23:41:07", "bad_time", "with its zone"),
        (
            "13/05/2026 10:00",
            "bad_time",
            "`time` must be an RFC 3339 time with its zone, like 2026-01-31T23:59:59.000Z",
        ),
        ("2026-11-26T18:53:00Z", "bad_time", "`time` lies 8.2 days behind its arrival; at most 7 are accepted"),
        ("2026-12-06T00:00:00Z", "bad_time", "`time` lies 24.3 h ahead of its arrival; at most 24 are accepted"),
        ("0001-01-01T00:00:00+14:00", "bad_time", "behind its arrival"),
        ("9999-12-31T23:59:59-14:00", "bad_time", "ahead of its arrival"),
        (1796427667, "wrong_type", "RFC 3339"),
    ],
)
def test_time_has_a_zone_and_is_near_its_arrival(time: object, code: str, words: str) -> None:
    refusal = refused(wire(example(READING, time=time)))
    assert (refusal.code, refusal.field) == (code, "time")
    assert words in refusal.reason


@pytest.mark.parametrize(("behind", "good"), [(7 * 86400, True), (7 * 86400 + 0.001, False)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_window_of_time_is_exact(behind: float, good: bool, sign: int) -> None:
    late = behind if sign > 0 else -(behind - 6 * 86400)
    arrivals, refusals = send(wire(example(READING, time="2026-12-04T23:41:08.000Z")), arrival=NOW + late)
    assert (len(arrivals), len(refusals)) == ((1, 0) if good else (0, 1))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "the record has no key; its key must be the object's site"),
        (b"", "no key"),
        (b"FR-75-OTHER", "the record's key `FR-75-OTHER` is not the object's site `FR-93-DUGNY`"),
        (b"fr-93-dugny", "is not the object's site"),
        (SITE + b"\n", "is not the object's site"),
        (b"\xff\xfe", "is not the object's site"),
    ],
)
def test_the_key_is_the_site(key: bytes | None, words: str) -> None:
    refusal = refused(wire(example(READING)), key=key)
    assert refusal.code == "wrong_key"
    assert words in refusal.reason


@pytest.mark.parametrize("value", [None, b"", b"null", b" \n"])
def test_nothing_is_refused_as_empty(value: bytes | None) -> None:
    refusal = refused(value)
    assert (refusal.code, refusal.raw) == ("empty", value or b"")


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (b"{", "not_json", "not JSON: "),
        (b"voltage=230", "not_json", "not JSON: invalid character (byte 0)"),
        (wire(example(READING)) + b"x", "not_json", "trailing characters"),
        (wire(example(READING)) * 2, "not_json", "trailing characters"),
        (b"\xef\xbb\xbf" + wire(example(READING)), "not_json", "not JSON"),
        (wire(example(READING)).decode().encode("utf-16"), "not_json", "not valid UTF-8: byte 0xff at position 0"),
        (with_literal(READING, "voltage", "NaN"), "not_json", "not JSON"),
        (with_literal(READING, "voltage", "Infinity"), "not_json", "not JSON"),
        (with_literal(READING, "voltage", "01"), "not_json", "invalid number"),
        (with_literal(READING, "voltage", "1e999"), "out_of_range", "got 1e999"),
        (with_literal(READING, "sequence", "1" + "0" * 5000), "out_of_range", "got 1000"),
        (with_literal(READING, "vendor", "[" * 5000 + "]" * 5000), "not_json", "nested too deeply"),
        (b"[" * 100_000, "not_json", "nested too deeply"),
        (b"3", "wrong_type", "a JSON object is expected, got 3"),
        (b'"text"', "wrong_type", 'got "text"'),
        (b"true", "wrong_type", "got true"),
        (b"{}", "missing_field", "missing field `type`"),
        (wire(example(READING, vendor="x" * 2**20)), "too_large", "at most 1,048,576 bytes, got 1,048,"),
    ],
    ids=lambda given: repr(given)[:30],
)
def test_what_is_not_an_object_is_refused_whole(value: bytes, code: str, words: str) -> None:
    refusal = refused(value)
    assert refusal.code == code
    assert words in refusal.reason
    assert refusal.raw == value


@pytest.mark.parametrize("field", ["device", "vendor", "@@"])
@pytest.mark.parametrize("broken", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xc3"])
def test_invalid_utf8_is_refused_wherever_it_stands(field: str, broken: bytes) -> None:
    raw = wire(example(READING, **{field: "@@"})).replace(b"@@", broken, 1)
    refusal = refused(raw)
    assert (refusal.code, refusal.raw) == ("not_json", raw)
    assert "not valid UTF-8" in refusal.reason


def test_words_about_hostile_values_stay_short_and_on_one_line() -> None:
    for value in ("\r\nX-Evil: 1", "\x00\x1b[31m", "a" * 100_000):
        for field in ("feed", "type", "time", "device"):
            for sent in (example(READING, **{field: value * 70}), [example(READING, **{field: value * 9})]):
                _, refusals = send(wire(sent))
                for refusal in refusals:
                    assert len(refusal.reason) < 300
                    assert refusal.reason.isprintable()
