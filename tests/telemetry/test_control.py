"""Control records: who is spoken for is the key, a tombstone forgets, nonsense is refused."""

import pytest

from streams.telemetry.control import Forget, Maintenance, SiteProfile
from streams.telemetry.decode import Refusal, decode_control
from streams.telemetry.decode_control import KEPT, KEYS, KINDS
from streams.telemetry.examples import CONTROL

from .sent import wire

EXAMPLES = [(topic, n) for topic, given in CONTROL.items() for n in range(len(given))]


def say(topic: str, n: int = 0, /, **changes: object) -> object:
    told = {**CONTROL[topic][n], **changes}
    return decode_control(topic, str(CONTROL[topic][n][KEYS[topic]]).encode(), wire(told))


@pytest.mark.parametrize(("topic", "n"), EXAMPLES)
def test_every_example_is_taken_under_its_key(topic: str, n: int) -> None:
    assert isinstance(say(topic, n), KINDS[topic][n])
    assert isinstance(say(topic, n, vendor={"unknown": ["fields"]}), KINDS[topic][n])


@pytest.mark.parametrize("topic", CONTROL)
def test_another_key_or_none_is_refused(topic: str) -> None:
    for key in (b"another", None, b"", b"\xff"):
        answer = decode_control(topic, key, wire(CONTROL[topic][0]))
        assert isinstance(answer, Refusal)
        assert (answer.code, answer.field) == ("wrong_key", KEYS[topic])


@pytest.mark.parametrize("topic", sorted({*CONTROL} - {*KEPT}))
@pytest.mark.parametrize("value", [None, b"null", b" null "])
def test_a_tombstone_forgets(topic: str, value: bytes | None) -> None:
    assert decode_control(topic, b"ABC", value) == Forget(topic, "ABC")


@pytest.mark.parametrize("topic", KEPT)
def test_what_everybody_did_is_not_taken_back(topic: str) -> None:
    for value in (None, b"null"):
        answer = decode_control(topic, b"ABC", value)
        assert isinstance(answer, Refusal)
        assert answer.code == "empty"


def test_all_but_the_site_may_be_left_out_or_null() -> None:
    bare = decode_control("control.sites", b"ABC", b'{"type":"site.profile","site":"ABC"}')
    assert bare == SiteProfile(site="ABC")
    nulls = wire({"type": "site.profile", "site": "ABC", "timezone": None, "devices": None, "opening_hours": None})
    assert decode_control("control.sites", b"ABC", nulls) == bare


def test_hours_may_pass_midnight_and_end_with_the_day() -> None:
    for start, end in [("22:00", "06:00"), ("06:00", "06:00"), ("00:00", "24:00")]:
        answer = say("control.sites", opening_hours=[{"days": [7], "from": start, "to": end}])
        assert isinstance(answer, SiteProfile)
        assert answer.opening_hours
        assert (answer.opening_hours[0].start, answer.opening_hours[0].end) == (start, end)


def test_maintenance_converts_zones() -> None:
    answer = say("control.maintenance", start="2026-12-06T10:00:00+01:00")
    assert isinstance(answer, Maintenance)
    assert answer.start.timestamp() == 1796547600.0


def hours(**changes: object) -> list[dict[str, object]]:
    return [{"days": [1], "from": "06:00", "to": "22:00", **changes}]


@pytest.mark.parametrize(
    ("topic", "changes", "code", "field"),
    [
        ("control.sites", {"timezone": "Europe/Atlantis"}, "out_of_range", "timezone"),
        ("control.sites", {"timezone": "../../etc/passwd"}, "out_of_range", "timezone"),
        ("control.sites", {"timezone": "Europe"}, "out_of_range", "timezone"),
        ("control.sites", {"opening_hours": hours(days=[0])}, "out_of_range", "opening_hours[0].days[0]"),
        ("control.sites", {"opening_hours": hours(days=[8])}, "out_of_range", "opening_hours[0].days[0]"),
        ("control.sites", {"opening_hours": hours(**{"from": "24:00"})}, "out_of_range", "opening_hours[0].from"),
        ("control.sites", {"opening_hours": hours(to="25:00")}, "out_of_range", "opening_hours[0].to"),
        ("control.sites", {"opening_hours": hours(to="٠٦:٠٠")}, "out_of_range", "opening_hours[0].to"),
        ("control.sites", {"opening_hours": [{"days": [1]}]}, "missing_field", "opening_hours[0].from"),
        ("control.sites", {"location": {"latitude": 91, "longitude": 0}}, "out_of_range", "location.latitude"),
        ("control.sites", {"devices": [{"device": "a", "domain": "x"}]}, "out_of_range", "devices[0].domain"),
        ("control.maintenance", {"end": "2026-12-06T08:00:00Z"}, "out_of_range", "end"),
        ("control.maintenance", {"start": "0001-01-01T00:00:00+02:00"}, "out_of_range", "start"),
        ("control.maintenance", {"end": "9999-12-31T23:59:59-02:00"}, "out_of_range", "end"),
        ("control.maintenance", {"start": "2026-12-06T08:00:00"}, "bad_time", "start"),
        ("control.maintenance", {"site": "nowhere"}, "out_of_range", "site"),
        ("control.items", {"value": "425"}, "wrong_type", "value"),
        ("control.verdicts", {"verdict": "maybe"}, "out_of_range", "verdict"),
        ("control.verdicts", {"time": "2026-12-05T02:10:00"}, "bad_time", "time"),
        ("control.actions", {"action": "close"}, "out_of_range", "action"),
        ("control.actions", {"time": "0001-01-01T00:00:00+02:00"}, "out_of_range", "time"),
        ("control.actions", {"note": None}, "out_of_range", "note"),
        ("control.actions", {"note": "x" * 2001}, "out_of_range", "note"),
        ("control.actions", {"type": "command.confirmed"}, "missing_field", "command"),
        ("control.actions", {"type": "incident.verdict"}, "wrong_topic", "type"),
        ("control.watchlist", {"what": "face"}, "out_of_range", "what"),
        ("control.watchlist", {"until": "2027-03-01T00:00:00"}, "bad_time", "until"),
        ("control.watchlist", {"type": "site.profile"}, "wrong_topic", "type"),
        ("control.watchlist", {"type": "power.reading"}, "unknown_type", "type"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_nonsense_is_refused(topic: str, changes: dict[str, object], code: str, field: str) -> None:
    answer = say(topic, **changes)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.field) == (code, field)
    assert field in answer.reason or code in ("wrong_topic", "unknown_type")


@pytest.mark.parametrize(
    ("value", "code"),
    [(b"", "empty"), (b"{", "not_json"), (b'{"x":"\xff"}', "not_json"), (b"[1]", "wrong_type"), (b"7", "wrong_type")],
)
def test_what_is_not_an_object_is_refused(value: bytes, code: str) -> None:
    answer = decode_control("control.items", b"key", value)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.raw) == (code, value)
