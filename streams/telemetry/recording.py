"""Recordings: newline-delimited JSON, one record a line in order of arrival, plain or `.gz` or `.zst`."""

import gzip
import heapq
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple, cast

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, convert, json

from streams.telemetry.refusal import UNREADABLE
from streams.telemetry.slices import elements, members

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONGEST_LINE = 64 * 1024 * 1024
_CHUNK = 256 * 1024

Moment = Annotated[datetime, Meta(tz=True)]
Progress = Callable[[int], object]


class RecordingError(Exception):
    """A recording that can't be read; says which file, which line and what is wrong."""


class Line(NamedTuple):
    """One record of a recording: its untouched bytes (None for null), when it was received in unix seconds."""

    topic: str
    key: bytes | None
    value: bytes | None
    received: float | None
    number: int


class Row(Struct, omit_defaults=True):
    """A line as it is written."""

    topic: str
    value: Raw
    key: str | None = None
    received: Moment | UnsetType | None = UNSET


class _Timed(Struct):
    time: Moment | None = None


_row = json.Decoder(Row)
_times: json.Decoder[_Timed | list[_Timed]] = json.Decoder(_Timed | list[_Timed])
_time = json.Decoder(_Timed)
_new = tuple.__new__


def read(path: Path, progress: Progress | None = None) -> Iterator[Line]:
    """Read a recording line by line, in bounded memory.

    Parameters
    ----------
    path : `.gz` and `.zst` are decompressed, of any number of members or frames.
    progress : is called now and then with how many more bytes of the file (as compressed) have been read; they add
        up to the file's size.

    Raises
    ------
    RecordingError : the file or a line of it can't be read. What a value holds is not judged here.
    """
    lines = done = 0
    try:
        with path.open("rb") as file, _decompressed(path, file) as stream:
            for block in _blocks(stream):
                for number, row in _rows(path, lines + 1, block):
                    value, key, received = bytes(row.value), row.key, row.received
                    taken = None if value == b"null" else value
                    at = received.timestamp() if isinstance(received, datetime) else None
                    yield _new(Line, (row.topic, None if key is None else key.encode(), taken, at, number))
                lines += block.count(b"\n")
                if progress and file.tell() != done:
                    progress(file.tell() - done)
                    done = file.tell()
    except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
        raise RecordingError(f"{path}: cannot be read past line {lines}: {error}") from error


def clocked(lines: Iterable[Line]) -> Iterator[tuple[float, Line]]:
    """Tell each line's arrival clock: the highest `received`, else `time`, so far, in unix seconds.

    A value without a time that can be read leaves the clock alone; lines before the first time get that time.
    """
    clock: float | None = None
    waiting: list[Line] = []
    for line in lines:
        time = line.received if line.received is not None else latest_time(line.value)
        if time is not None and (clock is None or time > clock):
            clock = time
        if clock is None:
            waiting.append(line)
            continue
        yield from ((clock, earlier) for earlier in waiting)
        waiting.clear()
        yield clock, line
    yield from ((0.0, line) for line in waiting)


def replay(paths: Iterable[Path], progress: Progress | None = None) -> Iterator[tuple[float, Line]]:
    """Read several recordings as one, merged by their arrival clocks."""
    return heapq.merge(*(clocked(read(path, progress)) for path in paths), key=lambda timed: timed[0])


def latest_time(value: bytes | None) -> float | None:
    """Find the latest `time` in a value, of one object or a batch; None where there is none to be read."""
    try:
        found = _times.decode(value or b"")
    except UNREADABLE:
        objects = [timed for part in elements(value or b"") or () if (timed := _timed(part))]
    else:
        if isinstance(found, _Timed):
            return found.time.timestamp() if found.time else None
        objects = found
    return max((timed.time.timestamp() for timed in objects if timed.time), default=None)


@contextmanager
def writing(path: Path) -> Iterator[Callable[[Line], None]]:
    """Write a recording, compressed as its suffix says; it takes its name once it is complete.

    Yields a function that appends a `Line` (whose number is ignored). The same lines give the same bytes.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file, _compressed(path, file) as stream:
            yield lambda line: _append(stream, line)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _append(stream: BinaryIO, line: Line) -> None:
    value = line.value or b"null"
    if b"\n" in value:
        value = json.format(value, indent=0)
    key = line.key.decode() if line.key is not None else None
    row = Row(topic=line.topic, key=key, value=Raw(value))
    if line.received is not None:
        row.received = datetime.fromtimestamp(round(line.received, 3), UTC)
    stream.write(json.encode(row))
    stream.write(b"\n")


def _decompressed(path: Path, file: io.BufferedReader) -> io.BufferedReader:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=file, mode="rb"), _CHUNK)
    if path.suffix == ".zst":
        return io.BufferedReader(zstd.ZstdFile(file, mode="r"), _CHUNK)
    return file


def _compressed(path: Path, file: BinaryIO) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0))
    if path.suffix == ".zst":
        return cast(BinaryIO, zstd.ZstdFile(file, mode="w"))
    return file


def _blocks(stream: io.BufferedReader) -> Iterator[bytes]:
    """Yield some whole lines at a time; the last may lack its end."""
    rest: list[bytes] = []
    while part := stream.read1(_CHUNK):
        end = part.rfind(b"\n") + 1
        if end or sum(map(len, rest)) > LONGEST_LINE:
            yield b"".join([*rest, part[:end]])
            rest = []
        rest.append(part[end:])
    if any(rest):
        yield b"".join(rest)


def _rows(path: Path, first: int, block: bytes) -> Iterable[tuple[int, Row]]:
    """Read numbered lines, at one go if each of them is a row as it must be."""
    with suppress(*UNREADABLE):
        rows = _row.decode_lines(block)
        # msgspec minds neither blank lines nor two rows in one.
        if len(rows) == block.count(b"\n") == block.count(b"}\n"):
            return enumerate(rows, first)
    lines = enumerate(block.split(b"\n"), first)
    return ((number, _row_of(path, number, line)) for number, line in lines if line and not line.isspace())


def _row_of(path: Path, number: int, line: bytes) -> Row:
    try:
        return _row.decode(line)
    except UNREADABLE as error:
        return _broken_value(path, number, line, error)


def _broken_value(path: Path, number: int, line: bytes, error: Exception) -> Row:
    """Read a line whose value alone is no JSON: that is for `decode` to refuse, not for the recording to fail at."""
    try:
        parts = members(line) or {}
        value = Raw(parts.pop("value"))
        rest = {name: json.decode(part) for name, part in parts.items() if name in ("topic", "key", "received")}
        return convert({**rest, "value": value}, Row)
    except (KeyError, *UNREADABLE):
        wanted = 'a line is {"topic": …, "key": …, "value": …} with an optional "received" (RFC 3339)'
        raise RecordingError(f"{path}, line {number}: {error}; {wanted}") from error


def _timed(part: bytes) -> _Timed | None:
    try:
        return _time.decode(part)
    except UNREADABLE:
        return None
