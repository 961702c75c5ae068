"""A chain as it grows: the batch that gathers, and how it becomes the next link. Pure: time and key are given."""

from datetime import datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import MsgspecError, Struct
from msgspec.json import Decoder

from streams.evidence import link as links
from streams.evidence.keys import public_hex
from streams.evidence.merkle import leaf_hash, root
from streams.evidence.record import Record
from streams.evidence.shelf import Sealed, lines_of
from streams.incidents.model import moment
from streams.telemetry.decode import TOPICS as TELEMETRY
from streams.telemetry.evidence import Link, Span

Place = tuple[str, int]
"""A topic's partition."""


class Leaf(NamedTuple):
    """A record's bytes and their hash."""

    data: bytes
    hash: bytes


class _State(Struct):
    """What of an incident decides whether telemetry is kept."""

    id: str
    status: str


_state = Decoder(_State)


class Chain:
    """One site's chain after its last link.

    Attributes
    ----------
    next
        The first offset of each partition that is not sealed yet, where this chain knows it.
    open
        Incidents that are open.
    judged
        Whether the batch holds anything found, decided or done.
    """

    def __init__(self, name: str, key: str = "") -> None:
        self.name = name
        self.key = key
        self.number = 0
        self.previous = links.NOTHING
        self.next: dict[Place, int] = {}
        self.open: set[str] = set()
        self.whole_from: int | None = None
        self.judged = False
        self.count = self.size = 0
        self._places: dict[Place, list[Leaf]] = {}
        self._firsts: dict[Place, int] = {}
        self._times: tuple[int, int] | None = None
        self._opened = self._was_open = False

    def follow(self, line: bytes, link: Link) -> None:
        """Go on after this link."""
        self.number, self.previous = link.number + 1, links.link_hash(line)
        self.open, self.whole_from, self._was_open = set(link.open), link.whole_from, bool(link.open)
        self.key = link.successor or link.key
        self.next |= {(span.topic, span.partition): span.next for span in link.spans}

    def gather(self, record: Record) -> None:
        """Take a record into the batch; those of a partition come in order."""
        leaf = record.leaf()
        place = record.topic, record.partition
        self._places.setdefault(place, []).append(Leaf(leaf, leaf_hash(leaf)))
        self._firsts.setdefault(place, record.offset)
        self.next[place] = record.offset + 1
        first, last = self._times or (record.time, record.time)
        self._times = min(first, record.time), max(last, record.time)
        self.count += 1
        self.size += len(leaf)
        if record.topic not in TELEMETRY:
            self.judged = True
            if record.topic == "incidents":
                self._note(record.value)

    def _note(self, value: bytes | None) -> None:
        try:
            incident = _state.decode(value or b"")
        except MsgspecError:
            return  # It is sealed like everything else; what it says is for others to judge.
        if incident.status == "closed":
            self.open.discard(incident.id)
        else:
            self.open.add(incident.id)
            self._opened = True

    def seal(self, now: datetime, key: Ed25519PrivateKey, waiting: int | None, successor: str | None = None) -> Sealed:
        """Close the batch and make it the next link.

        Parameters
        ----------
        now
            When it is sealed.
        waiting
            The link from which on recent telemetry could still be kept; None where there is none.
        successor
            The public key that this link hands the chain to.
        """
        places = sorted(self._places, key=lambda place: (place[0] in TELEMETRY, place))
        leaves = [leaf for place in places for leaf in self._places[place]]
        kept = sum(len(self._places[place]) for place in places if place[0] not in TELEMETRY)
        hashes = [leaf.hash for leaf in leaves]
        link = links.sign(
            Link(
                version=1,
                site=self.name,
                number=self.number,
                previous=self.previous,
                time=now,
                count=len(leaves),
                kept=kept,
                root=root(hashes).hex(),
                since=moment(self._times[0] / 1000) if self._times else None,
                until=moment(self._times[1] / 1000) if self._times else None,
                spans=[self._span(place) for place in places],
                open=sorted(self.open),
                whole_from=self._whole_from(waiting),
                key=public_hex(key),
                successor=successor,
                signature="",
            ),
            key,
        )
        line = links.line(link)
        parts = [lines_of(leaf.data for leaf in part) for part in (leaves[:kept], leaves[kept:])]
        sealed = Sealed(link, line, b"".join(hashes), *parts)
        self._empty()
        self.follow(line, link)
        return sealed

    def _span(self, place: Place) -> Span:
        count = len(self._places[place])
        return Span(topic=place[0], partition=place[1], first=self._firsts[place], next=self.next[place], count=count)

    def _whole_from(self, waiting: int | None) -> int | None:
        """From which link on telemetry is kept: an open incident keeps its own, and what was there when it opened."""
        was = self.whole_from if self._was_open else None
        if was is None and not self._opened:
            return None
        return was if was is not None else min(self.number, self.number if waiting is None else waiting)

    def _empty(self) -> None:
        self.judged = self._opened = False
        self.count = self.size = 0
        self._places.clear()
        self._firsts.clear()
        self._times = None
