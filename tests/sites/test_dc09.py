"""Alarm panels: frames of independent senders, and frames that were replayed, damaged, cut up or forged."""

import asyncio
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from my_dc09_spt import dc09_spt
from siadc09.account import Account as Sender
from siadc09.message import EventMessage, NullMessage, parse_frame

from streams.sites.formats.dc09 import Framer, build, crc, open_envelope, unseal
from streams.sites.numbering import Numbering
from streams.sites.sources.dc09 import Account, Dc09

from .desk import Desk, condition, free_port, running

KEYS = {16: "00112233445566778899aabbccddeeff", 24: "0f" * 24, 32: "a5" * 32}
PLAIN, SECRET = "1234", "5678"


def panel(folder: Path, size: int = 16) -> Dc09:
    (folder / "key").write_text(KEYS[size])
    accounts = [Account(id=PLAIN, device="panel-1"), Account(id=SECRET, device="panel-2", key_file="key")]
    return Dc09(name="panel", port=free_port(), account=accounts)


def key(size: int = 16) -> bytes:
    return bytes.fromhex(KEYS[size])


def sealed(sequence: int, data: str, *, token: str = "ADM-CID", size: int = 16, late: float = 0.0) -> bytes:
    at = datetime.now(UTC) - timedelta(seconds=late)
    return build(token, sequence, f"R1L0#{SECRET}", data, at=at, key=key(size))


def told(token: str, sequence: int, data: str) -> bytes:
    return build(token, sequence, f"R1L0#{PLAIN}", data, at=datetime.now(UTC))


async def ask(source: Dc09, *chunks: bytes, answers: int = 1) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", source.port)
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
        await asyncio.sleep(0.01)
    writer.write_eof()
    async with asyncio.timeout(30):
        said = await reader.read()
    writer.close()
    framed = list(Framer().feed(said))
    assert len(framed) == answers, said
    return framed


def token(answer: bytes) -> str:
    return open_envelope(answer).token


def test_a_siren_reaches_the_platform_from_an_independent_sender(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The dialler of my_dc09_spt, TCP and UDP, encrypted, checks our answers itself."""

    async def story(kind: str) -> None:
        desk, source = Desk(), panel(tmp_path)
        async with running(source, tmp_path, desk):
            dialler = dc09_spt.dc09_spt(SECRET)
            dialler.set_path("main", "primary", "127.0.0.1", source.port, account=SECRET, key=key(), type=kind)
            await asyncio.to_thread(dialler.send_msg, "SIA-DCS", {"code": "BA", "zone": 3, "text": "door"})
            await asyncio.to_thread(dialler.send_msg, "ADM-CID", {"code": 344, "q": 1, "zone": 7})
            events = await desk.until(lambda events: len(events) == 2)
            await condition(lambda: not dialler.queue)
            assert [(event.device, event.code, event.zone) for event in events] == [
                ("panel-2", "BA", "3"),
                ("panel-2", "XQ", "007"),
            ]
            assert [event.sequence for event in events] == [1, 2]

    for kind in ("TCP", "UDP"):
        asyncio.run(story(kind))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_burglary_and_interference_become_findings(tmp_path: Path) -> None:
    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        async with running(source, tmp_path, desk):
            answers = await ask(source, sealed(1, "#5678|1344 01 000"), sealed(2, "#5678|1131 01 003"), answers=2)
        assert [unseal(open_envelope(answer), key()).token for answer in answers] == ["ACK", "ACK"]
        assert {"alarm.interference", "alarm.burglary"} <= {finding.detector for finding in desk.findings()}

    asyncio.run(story())


@pytest.mark.parametrize("size", KEYS)
def test_siadc09_and_we_understand_each_other(tmp_path: Path, size: int) -> None:
    async def story() -> None:
        desk, source = Desk(), panel(tmp_path, size)
        account = Sender(acct=int(SECRET, 16), pref=0, rcvr=1, key=KEYS[size])
        sent = EventMessage(account, {"idtoken": "SIA-DCS", "data": _Raw(b"#5678|Nri1/id12/OP12")})
        beat = NullMessage(account, encrypted=True)
        async with running(source, tmp_path, desk):
            answers = await ask(source, sent.encode(seq=41), beat.encode(seq=0), answers=2)
        read = [parse_frame(answer, key(size)) for answer in answers]
        assert [(one.idtoken, one.seq, one.encrypted) for one in read] == [("ACK", 41, True), ("ACK", 0, True)]
        assert all(abs((one.timestamp - datetime.now(UTC)).total_seconds()) < 30 for one in read)
        signal, heartbeat = desk.events
        assert (signal.code, signal.user, signal.zone, signal.sequence) == ("OP", "12", None, 41)
        assert (heartbeat.device, heartbeat.path, heartbeat.sequence) == ("panel-2-ip", "ip", None)

    asyncio.run(story())


class _Raw:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def pack(self, *, brackets: bool) -> bytes:
        return self._data


def test_frames_come_in_any_pieces(tmp_path: Path) -> None:
    stream = b"".join(told("ADM-CID", number, f"#1234|1130 01 {number:03d}") for number in range(1, 9))
    pieces = [stream[at : at + 7] for at in range(0, len(stream), 7)]

    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        async with running(source, tmp_path, desk):
            for chunks in ([stream], pieces[: len(pieces)]):
                answers = await ask(source, *chunks, answers=8)
                assert [open_envelope(answer).sequence for answer in answers] == list(range(1, 9))
        assert [event.zone for event in desk.events] == [f"{number:03d}" for number in range(1, 9)]

    asyncio.run(story())


def test_nothing_is_acknowledged_before_it_is_safe(tmp_path: Path) -> None:
    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        desk.slow_s = 0.3
        async with running(source, tmp_path, desk) as supervisor:
            waiting = asyncio.create_task(ask(source, told("ADM-CID", 5, "#1234|1130 01 001")))
            await asyncio.sleep(0.15)
            assert not desk.events
            assert not waiting.done()
            assert token((await waiting)[0]) == "ACK"
            assert len(desk.events) == 1
            desk.slow_s, desk.fault = 0.0, OSError(28, "No space left on device")
            assert await ask(source, told("ADM-CID", 6, "#1234|1130 01 002"), answers=0) == []
            await condition(lambda: supervisor.restarts == 1)
            desk.fault = None
            await condition(lambda: supervisor.up)
            assert token((await ask(source, told("ADM-CID", 6, "#1234|1130 01 002")))[0]) == "ACK"
            assert [event.sequence for event in desk.events] == [5, 6]

    asyncio.run(story())


def damaged(frame: bytes) -> list[bytes]:
    body = frame[9:-1]
    return [
        frame[:1] + b"%04X" % (crc(body) ^ 1) + frame[5:],
        frame[:5] + b"%04X" % (len(body) + 1) + frame[9:],
        frame.replace(b"130", b"131"),
        frame[:1] + b"ZZZZ" + frame[5:],
        b"\n" + frame[9:],
    ]


@pytest.mark.parametrize("kind", range(5))
def test_a_damaged_frame_gets_no_answer_and_the_next_one_does(tmp_path: Path, kind: int) -> None:
    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        whole = told("ADM-CID", 7, "#1234|1130 01 001")
        async with running(source, tmp_path, desk):
            (answer,) = await ask(source, damaged(whole)[kind] + whole)
        assert token(answer) == "ACK"
        assert len(desk.events) == 1

    asyncio.run(story())


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "unknown account": (lambda: build("ADM-CID", 3, "R1L0#9999", "#9999|1130 01 001", at=datetime.now(UTC)), "DUH"),
    "plain text for an account with a key": (
        lambda: build("ADM-CID", 3, f"R1L0#{SECRET}", "#5678|1401 01 001", at=datetime.now(UTC)),
        "DUH",
    ),
    "a plain supervision message for an account with a key": (
        lambda: build("NULL", 0, f"R1L0#{SECRET}", at=datetime.now(UTC)),
        "DUH",
    ),
    "another's key": (
        lambda: build("ADM-CID", 3, f"L0#{SECRET}", "#5678|1130 01 001", at=datetime.now(UTC), key=bytes(16)),
        "DUH",
    ),
    "encrypted for an account without a key": (
        lambda: build("ADM-CID", 3, f"L0#{PLAIN}", "#1234|1130 01 001", at=datetime.now(UTC), key=key()),
        "DUH",
    ),
    "a token that nobody takes": (lambda: told("ACR-SF", 3, "#1234|0000"), "DUH"),
    "no Contact ID": (lambda: told("ADM-CID", 3, "#1234|9999 01 001"), "DUH"),
    "42 s old": (lambda: sealed(3, "#5678|1130 01 001", late=42), "NAK"),
    "a minute ahead": (lambda: sealed(3, "#5678|1130 01 001", late=-60), "NAK"),
}


@pytest.mark.parametrize("sort", REFUSED)
def test_what_can_t_be_trusted_is_not_taken(tmp_path: Path, sort: str) -> None:
    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        make, wanted = REFUSED[sort]
        async with running(source, tmp_path, desk):
            (answer,) = await ask(source, make())
        assert token(answer) == wanted
        assert not desk.events
        if wanted == "NAK":
            said = unseal(open_envelope(answer), None).time
            assert said is not None
            assert abs((said - datetime.now(UTC)).total_seconds()) < 30
        for secret in KEYS.values():
            assert secret.upper().encode() not in answer.upper()

    asyncio.run(story())


def test_a_repeated_message_is_acknowledged_and_said_once(tmp_path: Path) -> None:
    """Our answer got lost: the panel sends the same again, over either transport."""

    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        async with running(source, tmp_path, desk):
            for _ in range(3):
                (answer,) = await ask(source, sealed(12, "#5678|1130 01 001"))
                assert unseal(open_envelope(answer), key()).token == "ACK"
            assert token(await _by_udp(source, sealed(12, "#5678|1130 01 001"))) == "ACK"
        assert len(desk.events) == 1

    asyncio.run(story())


async def _by_udp(source: Dc09, frame: bytes) -> bytes:
    def exchange() -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(30)
            line.sendto(frame, ("127.0.0.1", source.port))
            return line.recv(4096)

    return await asyncio.to_thread(exchange)


def test_a_recorded_message_that_is_played_again_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disarming, recorded and played again later: NAK, no disarming, and evidence of the replay."""

    async def story() -> None:
        desk, source = Desk(), panel(tmp_path)
        recorded = sealed(15, "#5678|1401 01 002")
        async with running(source, tmp_path, desk) as supervisor:
            before = f"{datetime.now(UTC) - timedelta(seconds=60):%H:%M:%S,%m-%d-%Y}"
            test = f"#5678|1602 01 000][H{before}"
            await ask(source, *(sealed(number, test) for number in range(1, 15)), answers=14)
            await ask(source, recorded)
            await ask(source, *(sealed(number, test) for number in range(16, 40)), answers=24)
            later = supervisor.now() + timedelta(seconds=41)
            monkeypatch.setattr(supervisor, "now", lambda: later)
            (answer,) = await ask(source, recorded)
            assert token(answer) == "NAK"
        assert [event.code for event in desk.events if hasattr(event, "code")].count("OP") == 1
        evidence = desk.events[-1]
        assert (evidence.device, evidence.sequence, evidence.path) == ("panel-2", 15, "ip")
        assert "alarm.replay" in {finding.detector for finding in desk.findings()}

    asyncio.run(story())


def test_numbers_run_round_and_panels_start_anew() -> None:
    numbers = Numbering()
    for number in (9997, 9998, 9999, 1, 2):
        assert numbers.judge(number, b"%d" % number, 0.0) == "new"
        numbers.take(number, b"%d" % number, 0.0)
    assert numbers.judge(9999, b"9999", 60.0) == "again"
    assert numbers.judge(9999, b"9999", 600.0) == "replay"
    assert numbers.judge(9990, b"unheard", 600.0) == "odd"
    for number in (3, 500, 501):
        numbers.take(number, b"", 1.0)
    assert numbers.judge(1, b"restarted", 700.0) == "new"
    numbers.take(1, b"restarted", 700.0)
    assert numbers.judge(2, b"next", 700.0) == "new"


def test_memory_is_bounded_whatever_is_sent() -> None:
    framer = Framer()
    for chunk in (b"\n" + b"x" * 100_000, b"y" * 1_000_000, b"\n" * 50_000):
        assert list(framer.feed(chunk)) == []
        assert len(framer._held) <= 4096
    assert list(framer.feed(b"\n" + told("NULL", 0, "")[1:])) == [told("NULL", 0, "")]
    numbers = Numbering()
    for number in range(5000):
        numbers.take(number, b"x", 0.0)
    assert len(numbers._seen) <= 64
