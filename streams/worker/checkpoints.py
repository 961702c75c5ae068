"""What a restart goes on from: one row a site in `tocsin.state`, and one mark a lane that says how far they reach.

A row holds a site's state and the cut that it includes. They are written one after the other while the lane goes on,
so they differ in their cuts; when all that had changed are written, the mark says so: *whatever is below this cut is in
the rows*. Reading goes on at the mark's cut, and a site whose row is ahead of it skips until its own. A row older than
the mark knows it was written by a worker that had lost its partition meanwhile; then reading goes on at that row's cut.
Since state is a function of the log, all that a worker can do wrong here is work twice.
"""

from collections.abc import Mapping

import cramjam
import msgspec

STATE = "tocsin.state"
MARK = "lane"
"""The mark's key: no site is called so, sites are upper case."""
FORMAT = 1
VERSION = 1
LIMIT = 900_000
"""Bytes of a row at most."""


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
    """zstd: a site's state, or the mark's cuts of all rows"""

    @property
    def serial(self) -> int:
        """How far it reaches, as one number."""
        return serial(self.ends)


class Recovered(msgspec.Struct):
    """A lane's state as it was read back."""

    time: float = float("-inf")
    ends: dict[str, int] = {}
    rows: dict[str, int] = {}
    sites: dict[str, bytes] = {}
    ahead: dict[str, int] = {}
    refused: list[str] = []


_HEADER = msgspec.msgpack.Decoder(Row)
_CUTS = msgspec.msgpack.Decoder(dict[str, int])
CLOCK = "control.clock"


def serial(ends: Mapping[str, int]) -> int:
    """Sum a cut up: of two cuts of a lane, the later has the higher number."""
    return sum(end for topic, end in ends.items() if topic != CLOCK)


def encode(time: float, ends: dict[str, int], blob: bytes) -> bytes:
    """Build a row's bytes."""
    packed = bytes(cramjam.zstd.compress(blob, level=1))
    return msgspec.msgpack.encode(Row(FORMAT, VERSION, time, ends, packed))


def mark(time: float, ends: dict[str, int], rows: dict[str, int]) -> bytes:
    """Build a mark's bytes."""
    return encode(time, ends, msgspec.msgpack.encode(rows))


def unpack(value: bytes) -> tuple[Row, bytes]:
    """Read a row's bytes; raises `ValueError` when they are no row of ours."""
    try:
        row = _HEADER.decode(value)
        if (row.format, row.version) != (FORMAT, VERSION):
            raise ValueError(f"format {row.format}, version {row.version} are not known here")
        return row, bytes(cramjam.zstd.decompress(row.blob))
    except (msgspec.MsgspecError, cramjam.DecompressionError) as error:
        raise ValueError(str(error)) from error


def recover(records: Mapping[str, bytes]) -> Recovered:
    """Make out of the latest record of each key where a lane goes on; what can't be read starts cold."""
    state = Recovered()
    rows: dict[str, Row] = {}
    for key, value in records.items():
        try:
            row, blob = unpack(value)
            if key == MARK:
                state.time, state.ends, state.rows = row.time, row.ends, _CUTS.decode(blob)
            else:
                rows[key], state.sites[key] = row, blob
        except (ValueError, msgspec.MsgspecError) as error:
            state.refused.append(f"{key}: {error}")
    for site, row in rows.items():
        if row.serial < min(state.rows.get(site, 0), serial(state.ends)):
            state.time, state.ends = row.time, row.ends
    low = serial(state.ends)
    state.ahead = {site: row.serial for site, row in rows.items() if row.serial > low}
    state.rows = {site: row.serial for site, row in rows.items()}
    return state
