"""Users in a file: made, hashed, limited, shut out."""

from pathlib import Path

import pytest

from streams.console import people
from streams.console.people import People, PeopleError
from streams.console.sessions import Sessions
from streams.console.throttle import Throttle


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "console.toml"


def test_a_token_opens_and_stands_nowhere(file: Path) -> None:
    token = people.add(file, "ana", "analyst", ["FR-93-DUGNY"])
    text = file.read_text()
    assert token.startswith("ana.") and len(token) > 30
    assert token not in text and token.removeprefix("ana.") not in text
    assert file.stat().st_mode & 0o077 == 0
    known = People(file)
    ana = known.check(token)
    assert ana and (ana.name, ana.role, ana.sites) == ("ana", "analyst", ["FR-93-DUGNY"])
    for wrong in (token[:-1], f"{token}x", token.replace("ana", "bob"), "", "ana.", "ana", "x" * 10_000, "ana.\ud800"):
        assert known.check(wrong) is None


def test_the_same_token_is_hashed_otherwise_each_time() -> None:
    assert people.hashed("a.b") != people.hashed("a.b")


def test_whoever_is_taken_out_is_out_at_once(file: Path) -> None:
    token, other = people.add(file, "ana", "viewer"), people.add(file, "bob", "viewer")
    known = People(file)
    assert known.check(token) and known.check(other)
    people.remove(file, "ana")
    assert known.check(token) is None and known.check(other)


def test_while_the_file_is_broken_nobody_is_known(file: Path) -> None:
    token = people.add(file, "ana", "viewer")
    known = People(file)
    before = file.read_text()
    file.write_text(before + "[[user]\n")
    assert known.check(token) is None
    file.write_text(before)
    assert known.check(token)
    file.unlink()
    assert known.check(token) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[user]]\nname = 1", "Expected `str`"),
        ('[[user]]\nname = "a"\nrole = "boss"\ntoken = "x"', "Invalid enum value 'boss'"),
        ('[[user]]\nname = "a"\nrole = "viewer"\ntoken = "secret"', "is no hash"),
        ('[[user]]\nname = "a"\nrole = "viewer"\ntoken = "x"\nsite = "typo"', "unknown field"),
        ("not toml", "can't be read"),
    ],
)
def test_a_wrong_file_is_refused_in_words(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    with pytest.raises(PeopleError, match=words):
        People(file)


def test_names_are_used_once_and_are_plain(file: Path) -> None:
    people.add(file, "ana", "viewer")
    with pytest.raises(PeopleError, match="already"):
        people.add(file, "ana", "analyst")
    for name in ('a"b', "a b", "", "x" * 33, "a\n"):
        with pytest.raises(PeopleError):
            people.add(file, name, "viewer")
    with pytest.raises(PeopleError, match="has no bob"):
        people.remove(file, "bob")
    with pytest.raises(PeopleError):
        people.add(file, "bob", "viewer", ["nowhere"])


def test_what_cannot_be_written_is_told(file: Path) -> None:
    file.with_name(f".{file.name}.draft").mkdir()
    with pytest.raises(PeopleError, match="can't be written"):
        people.add(file, "ana", "viewer")


def test_a_session_ends_when_idle_and_in_any_case(file: Path) -> None:
    people.add(file, "ana", "viewer")
    known, now = People(file), [0.0]
    ana = known.known["ana"]
    sessions = Sessions(known, 60.0, 150.0, lambda: now[0])
    cookie = sessions.open(ana)
    for now[0] in (50.0, 100.0, 145.0):
        assert sessions.find(cookie)
    now[0] = 151.0
    assert sessions.find(cookie) is None
    cookie = sessions.open(ana)
    now[0] += 61.0
    assert sessions.find(cookie) is None
    now[0] -= 61.0
    assert sessions.find(cookie) is None, "what has ended does not come back"


def test_a_new_token_ends_the_old_ones_sessions(file: Path) -> None:
    people.add(file, "ana", "viewer")
    known = People(file)
    sessions = Sessions(known, 60.0, 150.0, lambda: 0.0)
    cookie = sessions.open(known.known["ana"])
    people.remove(file, "ana")
    people.add(file, "ana", "viewer")
    assert sessions.find(cookie) is None


def test_failures_make_one_wait_and_are_forgotten() -> None:
    now = [0.0]
    throttle = Throttle(3, 60.0, lambda: now[0])
    for now[0] in (0.0, 10.0, 20.0):
        assert throttle.wait("a") == 0.0
        throttle.failed("a")
    assert throttle.wait("a") == 40.0 and throttle.wait("b") == 0.0
    now[0] = 60.0
    assert throttle.wait("a") == 0.0
    throttle.failed("a")
    assert throttle.wait("a") == 10.0
    throttle.succeeded("a")
    assert throttle.wait("a") == 0.0
