"""What a chain's links seal, checked against the folder: hashes against roots, records against hashes."""

from collections.abc import Callable, Sequence

from streams.evidence.heads import TOPIC as HEADS
from streams.evidence.heads import Heads, read
from streams.evidence.merkle import SIZE, leaf_hash, root
from streams.evidence.record import LeafError, leaves, parse
from streams.evidence.shelf import Shelf
from streams.evidence.track import Problem, Tell, Track
from streams.telemetry.evidence import PLATFORM, Link

Progress = Callable[[int], object]


class Content:
    """One chain's files.

    Attributes
    ----------
    heads
        What the chain says of others: the number of the link that says so, and what it says.
    whole
        How many records were there whole.
    """

    def __init__(self, shelf: Shelf, track: Track, tell: Tell, progress: Progress) -> None:
        self.heads: list[tuple[int, Heads]] = []
        self.whole = 0
        self._shelf = shelf
        self._track = track
        self._tell = tell
        self._progress = progress
        self.empty: list[int] = []
        """Links of which nothing is there that they sealed."""
        self._lacking: list[int] = []
        """Links whose telemetry is not kept."""

    def check(self) -> None:
        """Check everything, day by day."""
        for day in self._shelf.days():
            found = [self._track.take(line) for line in self._shelf.lines(day)]
            self._day(day, [link for link in found if link is not None])
        self._track.finish()

    def _day(self, day: str, links: list[Link]) -> None:
        file = self._shelf.path / f"{day}.leaves"
        data = file.read_bytes() if file.exists() else b""
        # Where something was taken out of the file, what comes after it stands so many bytes earlier.
        drift = len(data) - SIZE * sum(link.count for link in links)
        at, moved = 0, 0
        for link in links:
            size = SIZE * link.count
            hashes = _cut(data[at + moved : at + moved + size])
            if not _fits(link, hashes) and drift and _fits(link, other := _cut(data[at + drift : at + drift + size])):
                hashes, moved = other, drift
            self._link(link, hashes)
            at += size
            self._progress(size)

    def _link(self, link: Link, hashes: list[bytes]) -> None:
        """Check one link's hashes and the records that are there whole."""
        if link.count and hashes == [bytes(SIZE)] * link.count:
            self.empty.append(link.number)
            return
        kept = self._read(link, "records") if link.kept else []
        telemetry = self._read(link, "telemetry") if link.count > link.kept else []
        if kept is None:
            self._say(link, None, "the records that it keeps are missing")
        if telemetry is None:
            self._lacking.append(link.number)
        if link.whole_from is not None:
            self._demand(link)
        found = [None if part is None else [leaf_hash(leaf) for leaf in part] for part in (kept, telemetry)]
        if not _fits(link, hashes):
            if found[0] is not None and found[1] is not None and _fits(link, both := found[0] + found[1]):
                self._differ(link, 0, both, hashes, "its hash")
                return
            self._say(link, None, "its hashes do not give its root: one was changed, removed or moved")
        for part, first, last in ((found[0], 0, link.kept), (found[1], link.kept, link.count)):
            if part is not None:
                self.whole += len(part)
                self._differ(link, first, hashes[first:last], part, "it")
        if link.site == PLATFORM and kept and found[0] == hashes[: link.kept]:
            self._heads(link, kept)

    def _differ(self, link: Link, first: int, sealed: Sequence[bytes], found: Sequence[bytes], what: str) -> None:
        for index, problem in differences(sealed, found):
            self._say(link, first + index, f"{what} {problem}")

    def _read(self, link: Link, kind: str) -> list[bytes] | None:
        """Read a link's records; None where the file is missing."""
        file = self._shelf.kept(link, kind)
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return None
        self._progress(len(data))
        found: list[bytes] = []
        try:
            found.extend(leaves(data))
        except LeafError as error:
            self._say(link, len(found) + (link.kept if kind == "telemetry" else 0), f"{file.name} is broken: {error}")
        return found

    def _demand(self, link: Link) -> None:
        """Miss the telemetry that an open incident keeps."""
        while self._lacking and self._lacking[-1] >= (link.whole_from or 0):
            self._tell(Problem(link.site, self._lacking.pop(), None, "its telemetry is missing: an incident keeps it"))

    def _heads(self, link: Link, kept: Sequence[bytes]) -> None:
        for leaf in kept:
            if leaf.startswith(HEADS.encode() + b" ") and (heads := read(parse(leaf).value)):
                self.heads.append((link.number, heads))

    def _say(self, link: Link, record: int | None, what: str) -> None:
        self._tell(Problem(link.site, link.number, record, what))


def differences(sealed: Sequence[bytes], found: Sequence[bytes]) -> list[tuple[int, str]]:
    """Tell by index how what was found differs from what was sealed.

    >>> differences([b"a", b"b", b"c"], [b"a", b"c"])
    [(1, 'was removed')]
    """
    if list(sealed) == list(found):
        return []
    there, meant = set(found), set(sealed)
    lost = [index for index, one in enumerate(sealed) if one not in there]
    strange = [index for index, one in enumerate(found) if one not in meant]
    if lost and lost == strange:
        return [(index, "was changed") for index in lost]
    if lost or strange:
        return [(index, "was removed") for index in lost] + [(index, "was put in") for index in strange]
    places = {one: index for index, one in enumerate(sealed)}
    return [
        (index, f"has record {places[other]} in its place: they were swapped")
        for index, (one, other) in enumerate(zip(sealed, found, strict=False))
        if one != other
    ] or [(min(len(sealed), len(found)), "is there twice")]


def _fits(link: Link, hashes: list[bytes]) -> bool:
    return len(hashes) == link.count and root(hashes).hex() == link.root


def _cut(data: bytes) -> list[bytes]:
    return [data[start : start + SIZE] for start in range(0, len(data), SIZE)]
