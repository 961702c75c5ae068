"""SIA DC-09 frames: cut from a stream, checked, decrypted, answered (ANSI/SIA DC-09-2013 to 2026, section 5).

A frame is LF, CRC (4 hex digits), "0" and length (3 hex digits), the token in quotation marks (with * when encrypted),
the sequence number, receiver, line and account, the data in brackets, more bracketed data, a time, CR.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import choice
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MOST = 4096
"""Bytes of the longest frame: its length has three hex digits."""
LF, CR = b"\n", b"\r"
AHEAD_S, BEHIND_S = 20.0, 40.0
"""How far the time of an encrypted message may be off (5.5.1.9)."""

_HEAD = re.compile(
    rb'"(?P<star>\*?)(?P<token>[A-Z0-9-]{2,12})"(?P<sequence>[0-9]{4})'
    rb"(?:R(?P<receiver>[0-9A-F]{1,6}))?(?:L(?P<line>[0-9A-F]{1,6}))?"
    rb"(?:#(?P<account>[0-9A-Za-z]{3,16}))?\[(?P<rest>.*)",
    re.DOTALL,
)
_TIME = re.compile(r"_(\d\d:\d\d:\d\d,\d\d-\d\d-\d{4})$")
_PAD = [chr(code) for code in range(32, 127) if chr(code) not in "[]|"]


class FrameError(ValueError):
    """A frame that can't be trusted or read; the message says why."""


class Frame(NamedTuple):
    """What a frame says.

    Attributes
    ----------
    token
        `SIA-DCS`, `ADM-CID`, `NULL`, …
    encrypted
        Whether it came encrypted; the answer must be as well.
    sequence
        0–9999.
    receiver, line, account
        As sent, empty when left out.
    data
        What stands in the first brackets.
    extra
        What stands in further brackets, by its first letter: `H` time of occurrence, `V` verification, …
    time
        When it was sent, if it says so.
    """

    token: str
    encrypted: bool
    sequence: int
    receiver: str
    line: str
    account: str
    data: str
    extra: dict[str, str]
    time: datetime | None


class Sealed(NamedTuple):
    """A frame whose envelope is sound and whose content is still to be read, with the account's key."""

    token: str
    encrypted: bool
    sequence: int
    receiver: str
    line: str
    account: str
    content: bytes


class Framer:
    """Cuts frames out of a stream that splits and joins them as it likes; holds at most one frame."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take more of the stream, and yield each frame from its LF to its CR."""
        *ended, rest = (self._held + chunk).split(CR)
        for part in ended:
            start = part.rfind(LF)
            if start >= 0 and len(part) - start <= MOST:
                yield part[start:] + CR
        self._held = rest[rest.rfind(LF) :] if LF in rest and len(rest) - rest.rfind(LF) <= MOST else b""


def open_envelope(frame: bytes) -> Sealed:
    """Check a frame's envelope.

    Raises
    ------
    FrameError
        When it is damaged. Such a frame gets no answer, so that it is sent again.
    """
    body = frame[9:-1]
    if frame[:1] != LF or frame[-1:] != CR or not re.fullmatch(rb"[0-9A-Fa-f]{8}", frame[1:9]):
        raise FrameError("no DC-09 frame")
    if len(frame) > MOST or int(frame[5:9], 16) != len(body):
        raise FrameError(f"the length says {frame[5:9].decode()}, the message has {len(body):04X}")
    if int(frame[1:5], 16) != crc(body):
        raise FrameError(f"the checksum says {frame[1:5].decode()}, the message has {crc(body):04X}")
    head = _HEAD.fullmatch(body)
    if head is None:
        raise FrameError("the header is malformed")
    receiver, line, account = ((head[name] or b"").decode("ascii") for name in ("receiver", "line", "account"))
    token, sequence = head["token"].decode("ascii"), int(head["sequence"])
    return Sealed(token, bool(head["star"]), sequence, receiver, line, account.upper(), head["rest"])


def unseal(sealed: Sealed, key: bytes | None) -> Frame:
    """Read what is in an envelope, with the account's key where it has one.

    Raises
    ------
    FrameError
        When the content is malformed, or does not become text with this key.
    """
    content = sealed.content
    if sealed.encrypted:
        if key is None:
            raise FrameError("it is encrypted, and there is no key for this account")
        content = _decrypted(content, key)
    text = content.decode("utf-8", "replace") if not sealed.encrypted else _text(content)
    data, closed, rest = text.partition("]")
    if not closed:
        raise FrameError("the data does not end")
    extra: dict[str, str] = {}
    while rest.startswith("["):
        one, closed, rest = rest[1:].partition("]")
        if not closed:
            raise FrameError("further data does not end")
        extra.setdefault(one[:1], one[1:])
    if sealed.encrypted:
        data = data.partition("|")[2]  # what stands before is padding
    if rest and not _TIME.fullmatch(rest):
        raise FrameError("what follows the data is no time")
    head = (sealed.token, sealed.encrypted, sealed.sequence, sealed.receiver, sealed.line, sealed.account)
    return Frame(*head, data, extra, moment(rest[1:]) if rest else None)


def moment(text: str) -> datetime:
    """Read DC-09's time, `HH:MM:SS,MM-DD-YYYY`, always UTC.

    Raises
    ------
    FrameError
        When it is none.
    """
    try:
        return datetime.strptime(text, "%H:%M:%S,%m-%d-%Y").replace(tzinfo=UTC)
    except ValueError as error:
        raise FrameError(f"no time: {error}") from None


def build(token: str, sequence: int, head: str, data: str = "", *, at: datetime, key: bytes | None = None) -> bytes:
    """Make a frame; `head` is receiver, line and account as they are written, `at` the time it carries.

    With a key it is encrypted (AES-CBC, 5.4). Without one, only NAK carries its time.
    """
    stamp = f"_{at:%H:%M:%S,%m-%d-%Y}"
    star, content = "", f"{data}]{stamp if token == 'NAK' else ''}"
    if key is not None:
        star, content = "*", _encrypted(f"|{data}]{stamp}", key)
    body = f'"{star}{token}"{sequence:04d}{head}[{content}'.encode("ascii")
    return b"%s%04X%04X%s%s" % (LF, crc(body), len(body), body, CR)


def crc(body: bytes) -> int:
    """Compute CRC-16/ARC."""
    value = 0
    for byte in body:
        value = (value >> 8) ^ _CRC[(value ^ byte) & 0xFF]
    return value


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = [_crc_of(byte) for byte in range(256)]


def _decrypted(content: bytes, key: bytes) -> bytes:
    if not re.fullmatch(rb"(?:[0-9A-Fa-f]{32})+", content):
        raise FrameError("encrypted data comes in whole blocks of hex digits")
    reader = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor()
    return reader.update(bytes.fromhex(content.decode("ascii"))) + reader.finalize()


def _encrypted(content: str, key: bytes) -> str:
    length = 16 + -len(content) % 16
    writer = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    clear = "".join(choice(_PAD) for _ in range(length)) + content
    return (writer.update(clear.encode("ascii")) + writer.finalize()).hex().upper()


def _text(content: bytes) -> str:
    """Skip the padding, which may be any bytes, and read the rest."""
    pad, bar, rest = content.partition(b"|")
    if not bar or b"]" in pad:
        pad, rest = b"", content[content.find(b"]") :] if b"]" in content else b""
    try:
        return f"|{rest.decode('utf-8')}"
    except UnicodeDecodeError:
        raise FrameError("it can't be decrypted with this account's key") from None
