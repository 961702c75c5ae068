"""What a restart goes on from: one row a site in `tocsin.state`, and one mark a lane that says how far they reach.

A row holds a site's state and the cut that it includes. They are written one after the other while the lane goes on,
so they differ in their cuts; when all that had changed are written, the mark says so: *whatever is below this cut is in
the rows*. Reading goes on at the mark's cut, and a site whose row is ahead of it skips until its own. Should a row be
older than the mark knows it, reading goes on at that row's cut. Since state is a function of the log, all that a worker
can do wrong here is work twice; that nobody but a partition's last owner writes them is for `fence` to see to.

A state too large for one record goes into parts, each under a key that names its row's cut, and all of them before the
row. So a row is always whole: until it is there the former one stands with its own parts, which are deleted only then.
"""

from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

import cramjam
import msgspec

STATE = "tocsin.state"
MARK = "lane"
"""The mark's key: no site is called so, sites are upper case."""
FORMAT = 2
VERSION = 1
LIMIT = 890_000
"""Bytes of a state that one record holds at most."""

LEVEL = 9
"""Of compression: a tenth smaller than 1, and some twentieth than 3, for a third of the time that freezing takes."""


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One record of `tocsin.state`, as MessagePack."""

    format: int
    version: int
    """of what `blob` holds"""
    time: float
    """unix seconds of the last tick it includes"""
    ends: dict[str, int]
    """the cut that it includes; for the mark with the offset at which the clock is read on"""
    blob: bytes
    """zstd: a site's state, or the mark's cuts of all rows; empty when it is in parts"""
    parts: int = 0
    """in how many records the blob is; 0 when it is here"""
    check: int = 0
    """CRC-32 of the blob"""

    @property
    def serial(self) -> int:
        """How far it reaches, as one number."""
        return serial(self.ends)


class Unread(NamedTuple):
    """A record that can't be read: it is set aside, and its site starts cold."""

    key: str
    reason: str
    raw: bytes


class Recovered(msgspec.Struct):
    """A lane's state as it was read back."""

    time: float = float("-inf")
    ends: dict[str, int] = {}
    rows: dict[str, int] = {}
    sites: dict[str, bytes] = {}
    ahead: dict[str, int] = {}
    refused: list[Unread] = []
    garbage: list[str] = []
    """keys of parts that no row needs any more"""
    parts: dict[str, list[str]] = {}
    """of the sites whose state is in parts, their keys"""


_HEADER = msgspec.msgpack.Decoder(Row)
_CUTS = msgspec.msgpack.Decoder(dict[str, int])
CLOCK = "control.clock"


def serial(ends: Mapping[str, int]) -> int:
    """Sum a cut up: of two cuts of a lane, the later has the higher number."""
    return sum(end for topic, end in ends.items() if topic != CLOCK)


def encode(time: float, ends: dict[str, int], blob: bytes) -> bytes:
    """Build the bytes of a row that holds its blob itself."""
    packed = bytes(cramjam.zstd.compress(blob, level=LEVEL))
    return msgspec.msgpack.encode(Row(FORMAT, VERSION, time, ends, packed, 0, crc32(packed)))


def split(site: str, time: float, ends: dict[str, int], blob: bytes) -> list[tuple[str, bytes]]:
    """Build a site's records, (key, bytes) in the order in which they must be written: parts, if any, then the row."""
    packed = bytes(cramjam.zstd.compress(blob, level=LEVEL))
    if len(packed) <= LIMIT:
        return [(site, msgspec.msgpack.encode(Row(FORMAT, VERSION, time, ends, packed, 0, crc32(packed))))]
    pieces = [packed[start : start + LIMIT] for start in range(0, len(packed), LIMIT)]
    row = Row(FORMAT, VERSION, time, ends, b"", len(pieces), crc32(packed))
    names = part_keys(site, row)
    return [*zip(names, pieces, strict=True), (site, msgspec.msgpack.encode(row))]


def part_keys(site: str, row: Row) -> list[str]:
    """Name the records that hold the parts of a row."""
    return [f"{site}/{row.serial}/{row.time:.3f}/{part}" for part in range(row.parts)]


def mark(time: float, ends: dict[str, int], rows: dict[str, int]) -> bytes:
    """Build a mark's bytes."""
    return encode(time, ends, msgspec.msgpack.encode(rows))


def unpack(value: bytes, key: str = "", parts: Mapping[str, bytes] = {}) -> tuple[Row, bytes]:
    """Read a row's bytes, and its parts' under their keys; raises `ValueError` when they are no row of ours."""
    try:
        row = _HEADER.decode(value)
        if (row.format, row.version) != (FORMAT, VERSION):
            raise ValueError(f"format {row.format}, version {row.version} are not known here")
        packed = row.blob if not row.parts else b"".join(parts[name] for name in part_keys(key, row))
        if crc32(packed) != row.check:
            raise ValueError("it is damaged: its checksum is wrong")
        return row, bytes(cramjam.zstd.decompress(packed))
    except KeyError as error:
        raise ValueError(f"its part {error} is missing") from error
    except (msgspec.MsgspecError, cramjam.DecompressionError) as error:
        raise ValueError(str(error)) from error


def recover(records: Mapping[str, bytes]) -> Recovered:
    """Make out of the latest record of each key where a lane goes on; what can't be read starts cold."""
    state = Recovered()
    rows: dict[str, Row] = {}
    for key, value in records.items():
        if "/" in key:
            continue
        try:
            row, blob = unpack(value, key, records)
            if key == MARK:
                state.time, state.ends, state.rows = row.time, row.ends, _CUTS.decode(blob)
            else:
                rows[key], state.sites[key] = row, blob
        except (ValueError, msgspec.MsgspecError) as error:
            state.refused.append(Unread(key, str(error), value))
    state.parts = {site: part_keys(site, row) for site, row in rows.items() if row.parts}
    state.garbage = [key for key in records if "/" in key and _superseded(key, rows)]
    for site, row in rows.items():
        if row.serial < min(state.rows.get(site, 0), serial(state.ends)):
            state.time, state.ends = row.time, row.ends
    low = serial(state.ends)
    state.ahead = {site: row.serial for site, row in rows.items() if row.serial > low}
    state.rows = {site: row.serial for site, row in rows.items()}
    return state


def _superseded(key: str, rows: Mapping[str, Row]) -> bool:
    """Say whether a part belongs to a row older than the one that stands; a newer one may still be on its way."""
    site, number, time, _ = key.split("/")
    return site in rows and (int(number), float(time)) < (rows[site].serial, round(rows[site].time, 3))
