"""A sealed record: its canonical bytes, which are the leaf of a tree, and the chain that it belongs to.

A leaf is a line of topic, partition, offset, Kafka's time of it in Unix milliseconds and the lengths of key and value
(-1 for none), then the key, then the value, untouched. So one can read the files in which leaves are kept with any
viewer, and nobody can move a byte from one field to another without changing the hash.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from streams.telemetry.decode import TOPICS as TELEMETRY
from streams.telemetry.envelope import SITE_PATTERN
from streams.telemetry.evidence import PLATFORM

BY_KEY = frozenset({*TELEMETRY, "findings", "commands"})
"""Topics whose key is the site; elsewhere the value names it."""
_site = re.compile(SITE_PATTERN)


class Record(NamedTuple):
    """A record as it stood in Kafka; `time` is Kafka's, in Unix milliseconds."""

    topic: str
    partition: int
    offset: int
    time: int
    key: bytes | None
    value: bytes | None

    def leaf(self) -> bytes:
        """Return the canonical bytes."""
        key, value = self.key, self.value
        sizes = f"{-1 if key is None else len(key)} {-1 if value is None else len(value)}"
        header = f"{self.topic} {self.partition} {self.offset} {self.time} {sizes}\n"
        return header.encode() + (key or b"") + (value or b"")

    @property
    def chain(self) -> str:
        """The site whose chain it belongs to, or the platform's."""
        return _by_key(self.key) if self.topic in BY_KEY else _by_value(self.value)


class LeafError(ValueError):
    """Bytes that are no leaves."""


def leaves(data: bytes) -> Iterator[bytes]:
    """Cut a file of leaves, each followed by a line feed, into them; raises `LeafError` where one is broken off."""
    start = 0
    while start < len(data):
        line = data.find(b"\n", start)
        try:
            key, value = data[start:line].rsplit(b" ", 2)[-2:]
            end = line + 1 + max(0, int(key)) + max(0, int(value))
        except ValueError:
            raise LeafError(f"no record begins at byte {start}") from None
        if line < 0 or data[end : end + 1] != b"\n":
            raise LeafError(f"the record at byte {start} is not as long as it says")
        yield data[start:end]
        start = end + 1


def parse(leaf: bytes) -> Record:
    """Read a leaf; raises `LeafError`."""
    head, _, body = leaf.partition(b"\n")
    try:
        topic, *numbers = head.decode().split(" ")
        partition, offset, time, key, value = map(int, numbers)
    except ValueError:
        raise LeafError(f"{head[:80]!r} is no record's first line") from None
    split = max(0, key)
    record = Record(
        topic, partition, offset, time, None if key < 0 else body[:split], None if value < 0 else body[split:]
    )
    if record.leaf() != leaf:
        raise LeafError(f"{head[:80]!r} is not how this record is written")
    return record


class _Named(Struct):
    site: str = ""


_named = Decoder(_Named)


@lru_cache(maxsize=65_536)
def _by_key(key: bytes | None) -> str:
    try:
        name = (key or b"").decode()
    except UnicodeDecodeError:
        return PLATFORM
    return name if _site.search(name) else PLATFORM


def _by_value(value: bytes | None) -> str:
    try:
        name = _named.decode(value or b"{}").site
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        return PLATFORM
    return name if _site.search(name) else PLATFORM
