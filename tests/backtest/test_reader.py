"""One process reads for all: every line goes to whom it concerns, in order, and nobody waits for ever."""

from collections.abc import Iterator
from multiprocessing import Pipe

import pytest
from msgspec import msgpack

from streams.backtest import reader
from streams.backtest.reader import AHEAD, AHEAD_S, Inbox, Portion, portions
from streams.incidents.backtest import Timed
from streams.telemetry.recording import Line, RecordingError


def line(topic: str, key: bytes | None, number: int) -> Line:
    return Line(topic, key, b"{}", None, number)


def timed(count: int, apart: float = 1.0, sites: int = 5) -> Iterator[tuple[float, Line]]:
    for number in range(count):
        topic = "control.items" if number % 10 == 9 else "telemetry.power"
        yield number * apart, line(topic, f"SITE-{number % sites}".encode(), number)


def read(given: list[Portion]) -> list[Timed]:
    """Read portions as a process gets them."""
    out, into = Pipe(duplex=False)
    inbox = Inbox(out)
    for portion in given:
        into.send_bytes(msgpack.encode(portion))
        inbox.drain()
    return list(inbox.lines())


def test_each_gets_its_sites_all_get_the_controls_and_everybody_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MANY", 7)
    dealt = list(portions(timed(50), 3))
    sites: set[bytes | None] = set()
    numbers: list[int] = []
    for share in range(3):
        found = read([given[share] for given in dealt])
        own = [(clock, one) for clock, one in found if one is not None]
        assert [one.number for _, one in own] == sorted(one.number for _, one in own)
        assert all(clock == one.number == one.received for clock, one in own)
        assert [one.number for _, one in own if one.topic == "control.items"] == [9, 19, 29, 39, 49]
        telemetry = [one for _, one in own if one.topic != "control.items"]
        assert not sites & {one.key for one in telemetry}
        sites |= {one.key for one in telemetry}
        numbers += [one.number for one in telemetry]
        assert [clock for clock, one in found if one is None] == [6, 13, 20, 27, 34, 41, 48, 49, 49]
    assert sorted(numbers) == [number for number in range(50) if number % 10 != 9]


def test_what_can_not_be_read_fails_all_after_what_was_read() -> None:
    def broken() -> Iterator[tuple[float, Line]]:
        yield from timed(3)
        raise RecordingError("line 4: no")

    [given] = portions(broken(), 2)
    for portion in given:
        out, into = Pipe(duplex=False)
        into.send_bytes(msgpack.encode(portion))
        found: list[Timed] = []
        with pytest.raises(RecordingError, match="line 4: no"):
            found.extend(Inbox(out).lines())
        assert found[-1] == (2.0, None)
    assert list(portions((), 1)) == [[Portion([], None, True)]]


@pytest.mark.parametrize("apart", [0.0, AHEAD_S / AHEAD * 4])
def test_in_advance_it_takes_up_no_more_than_it_must(apart: float) -> None:
    out, into = Pipe(duplex=False)
    inbox = Inbox(out)
    for number in range(3 * AHEAD):
        into.send_bytes(msgpack.encode(Portion([], number * apart)))
    assert inbox.drain()
    assert out.poll() == (apart > 0)


def test_a_reader_that_is_gone_is_noticed() -> None:
    out, into = Pipe(duplex=False)
    into.close()
    with pytest.raises(EOFError):
        next(Inbox(out).lines())
