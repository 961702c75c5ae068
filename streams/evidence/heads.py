"""What the ledger itself seals every few minutes: how far each chain and each partition has come.

It is a record like others, in the platform's chain. So whoever cuts off the end of a site's chain, or takes a site away
whole, has to forge the platform's chain as well; and a ledger that starts knows where to go on.
"""

from datetime import datetime

from msgspec import MsgspecError, Struct, json

from streams.evidence.record import Record
from streams.telemetry.evidence import PLATFORM

TOPIC = "ledger.heads"
"""No topic of Kafka's; what stands there in a record of the ledger's own."""


class Head(Struct, frozen=True):
    """The last link of a chain."""

    site: str
    number: int
    hash: str


class Reached(Struct, frozen=True):
    """The next offset of a partition, below which all is sealed."""

    topic: str
    partition: int
    next: int


class Gone(Struct, frozen=True):
    """Records that Kafka let go before they were sealed: the offsets from `first` to before `next`."""

    topic: str
    partition: int
    first: int
    next: int


class Lost(Struct, frozen=True):
    """Links, from `first` to `last`, of which the folder lost what they sealed; the links themselves stand."""

    site: str
    first: int
    last: int


class Heads(Struct, frozen=True, kw_only=True, tag_field="type", tag=TOPIC):
    """The chains that have grown since the last time, and how far Kafka's partitions are sealed."""

    time: datetime
    cluster: str
    heads: list[Head]
    reached: list[Reached]
    gone: list[Gone] = []
    lost: list[Lost] = []


_read = json.Decoder(Heads).decode


def record(heads: Heads, number: int) -> Record:
    """Write it as a record, the ledger's own `number`-th."""
    return Record(TOPIC, 0, number, round(heads.time.timestamp() * 1000), PLATFORM.encode(), json.encode(heads))


def read(value: bytes | None) -> Heads | None:
    """Read its value; None for what is none."""
    try:
        return _read(value or b"")
    except MsgspecError:
        return None
