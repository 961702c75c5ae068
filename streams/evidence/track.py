"""One chain's links, followed from the first to the last: what is wrong with them as links, whatever they seal."""

from collections.abc import Callable
from typing import NamedTuple

from streams.evidence import link as links
from streams.telemetry.evidence import Link

UNKNOWN = bytes(32)
"""Stands for the hash of a link that could not be read."""


class Problem(NamedTuple):
    """Something that is not as it was sealed, and where."""

    site: str
    link: int | None
    record: int | None
    what: str

    def __str__(self) -> str:
        where = "" if self.link is None else f", link {self.link}"
        return f"{self.site}{where}{'' if self.record is None else f', record {self.record}'}: {self.what}"


Tell = Callable[[Problem], object]


class Track:
    """Takes a chain's lines in order.

    Attributes
    ----------
    hashes
        32 bytes a link, by number.
    key, next_key
        Who signed the first link, and who has to sign the next.
    successors
        All keys to which the chain was handed.
    late
        How many of the last links were sealed after `since` (Unix seconds).
    """

    def __init__(self, chain: str, tell: Tell, since: float = float("inf")) -> None:
        self.chain = chain
        self.hashes = bytearray()
        self.key = self.next_key = ""
        self.successors: list[str] = []
        self.late = self.records = 0
        self.next: dict[tuple[str, int], int] = {}
        self._missing: set[int] = set()
        self._tell = tell
        self._since = since
        self._previous: str | None = links.NOTHING
        """The hash of the link before; None where nobody knows it."""
        self._time = float("-inf")

    def __len__(self) -> int:
        return len(self.hashes) // 32

    def hash(self, number: int) -> bytes:
        """Return a link's hash."""
        return bytes(self.hashes[32 * number : 32 * number + 32])

    def take(self, line: bytes) -> Link | None:
        """Check the next line; answers the link where it is one that can be judged further."""
        try:
            link = links.read(line)
        except links.LinkError as error:
            self._say(len(self), f"{error}")
            self._leave(UNKNOWN, None)
            return None
        if link.number < len(self):
            there = link.number in self._missing
            self._missing.discard(link.number)
            self._say(link.number, f"it stands after link {len(self) - 1}" if there else "it is there twice")
            self._previous = None
            return None
        while len(self) < link.number:
            self._missing.add(len(self))
            self._leave(UNKNOWN, None)
        self._judge(link)
        self._leave(bytes.fromhex(hash_ := links.link_hash(line)), hash_)
        self.late += self._time >= self._since
        self.records += link.count
        return link

    def finish(self) -> None:
        """Tell of the links that did not come."""
        for number in sorted(self._missing):
            self._say(number, "it is missing")

    def _judge(self, link: Link) -> None:
        if link.site != self.chain:
            self._say(link.number, f"it is of the chain of {link.site}")
        self.key = self.key or link.key
        if not links.is_signed(link):
            self._say(link.number, "it was changed: its signature does not fit")
        elif link.key != (self.next_key or self.key):
            self._say(link.number, f"it is signed with {link.key}, which this chain was never handed to")
        elif self._previous is not None and link.previous != self._previous:
            self._say(link.number, "it was sealed after another link than the one before it here: that was exchanged")
        self.next_key = link.successor or self.next_key or link.key
        self.successors += [link.successor] if link.successor else []
        time, self._time = self._time, link.time.timestamp()
        if self._time < time:
            self._say(link.number, "it was sealed before the link before it")
        for span in link.spans:
            place = span.topic, span.partition
            if span.first < self.next.get(place, 0):
                self._say(link.number, f"it seals offset {span.first} of {span.topic}/{span.partition} once more")
            self.next[place] = span.next
        if link.count != sum(span.count for span in link.spans):
            self._say(link.number, "its spans hold another number of records than it says")

    def _leave(self, digest: bytes, previous: str | None) -> None:
        self.hashes += digest
        self._previous = previous

    def _say(self, number: int, what: str) -> None:
        self._tell(Problem(self.chain, number, None, what))


def compare(here: Track | None, there: Track | None, name: str, tell: Tell, complete: bool) -> None:
    """Tell where a chain differs from another copy of it, called `name`.

    A chain that is longer there was cut off here. One that is longer here was cut off there, where that copy is to be
    `complete`, but for the links that were sealed while it was read.
    """
    chain = (here or there or Track("", tell)).chain
    one, other = (len(track) if track else 0 for track in (here, there))
    if one < other:
        tell(Problem(chain, one, None, f"the chain ends before it; {name} goes on to link {other - 1}"))
    elif complete and one - (here.late if here else 0) > other:
        tell(Problem(chain, other, None, f"{name} ends before it"))
    if here is None or there is None or here.hashes[: 32 * other] == there.hashes[: 32 * one]:
        return
    for number in range(min(one, other)):
        pair = here.hash(number), there.hash(number)
        if UNKNOWN not in pair and pair[0] != pair[1]:
            tell(Problem(chain, number, None, f"it is another link than in {name}"))
            return


def match(track: Track | None, chain: str, number: int, hash_: str, name: str, tell: Tell) -> None:
    """Tell where a chain does not go through a link that was written down elsewhere, in what is called `name`."""
    if track is None or number >= len(track):
        last = "there is no such chain" if track is None else f"the chain ends with link {len(track) - 1}"
        tell(Problem(chain, number, None, f"{last}; {name} knows this one"))
    elif track.hash(number) not in (UNKNOWN, bytes.fromhex(hash_)):
        tell(Problem(chain, number, None, f"it is another link than {name} knows"))
