"""Recordings: newline-delimited JSON, one record a line in order of arrival, plain or `.gz` or `.zst`."""

import gzip
import heapq
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
    number = done = 0
    try:
        with path.open("rb") as file, _decompressed(path, file) as stream:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                if not line.isspace():
                    yield _line(path, number, line)
                if progress and file.tell() != done:
                    progress(file.tell() - done)
                    done = file.tell()
    except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
        raise RecordingError(f"{path}: cannot be read past line {number}: {error}") from error


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
        objects = found if isinstance(found, list) else [found]
    except UNREADABLE:
        objects = [timed for part in elements(value or b"") or () if (timed := _timed(part))]
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


def _decompressed(path: Path, file: BinaryIO) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(fileobj=file, mode="rb"), _CHUNK))
    if path.suffix == ".zst":
        return cast(BinaryIO, io.BufferedReader(zstd.ZstdFile(file, mode="r"), _CHUNK))
    return file


def _compressed(path: Path, file: BinaryIO) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0))
    if path.suffix == ".zst":
        return cast(BinaryIO, zstd.ZstdFile(file, mode="w"))
    return file


def _line(path: Path, number: int, line: bytes) -> Line:
    try:
        row = _row.decode(line)
    except UNREADABLE as error:
        row = _broken_value(path, number, line, error)
    value = bytes(row.value)
    key = row.key.encode() if row.key is not None else None
    received = row.received.timestamp() if isinstance(row.received, datetime) else None
    return Line(row.topic, key, None if value == b"null" else value, received, number)


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
