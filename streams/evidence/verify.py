"""Finds any change, gap or reordering in what was sealed, and says where.

A changed byte fits no hash; a record or link that was taken out, put in or moved fits no root or no number. What chains
can't show of themselves is that their end was cut off, or that all was forged anew. The first is found by the heads
that the platform's chain seals, by the topic or another copy, and by a checkpoint that was written down; the second by
the public key that was put away when it was made.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from streams.evidence.content import Content, Progress
from streams.evidence.folder import Folder
from streams.evidence.heads import Lost
from streams.evidence.track import Problem, Track, compare, match
from streams.telemetry.evidence import PLATFORM

OVERLAP_S = 60.0
"""How far two looks at what grows may lie apart, s."""


class Checkpoint(NamedTuple):
    """A link that was written down."""

    site: str
    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.site}:{self.number}:{self.hash}"


class Copy:
    """All chains of one copy, of the links alone or with what they seal."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = problems
        self.tracks: dict[str, Track] = {}
        self.contents: dict[str, Content] = {}
        self._since = time.time() - OVERLAP_S

    def read_links(self, links: Iterable[tuple[str, bytes]]) -> None:
        """Follow (chain, line) of all chains, a chain's in order."""
        for chain, line in links:
            self._track(chain).take(line)
        for track in self.tracks.values():
            track.finish()

    def read_folder(self, folder: Folder, progress: Progress, only: Iterable[str] | None = None) -> None:
        """Check a folder with everything in it, or some of its chains."""
        for chain in folder.chains() if only is None else only:
            content = Content(folder.shelf(chain), self._track(chain), self.problems.append, progress)
            content.check()
            self.contents[chain] = content

    def check_keys(self, given: Iterable[str]) -> None:
        """See that each chain begins with a key that was given, or that the platform's chain was handed to."""
        known = set(given)
        platform = self.tracks.get(PLATFORM)
        if platform is not None and platform.key in known:
            known.update(platform.successors)
        for chain, track in self.tracks.items():
            if track.key and track.key not in known:
                self._say(chain, 0, f"it is signed with {track.key}, which is neither given nor was handed the chains")

    def check_heads(self, only: Iterable[str] | None = None) -> None:
        """See that no chain, or none of some, ends before what the platform's chain says of it, or is empty."""
        content = self.contents.get(PLATFORM)
        for number, heads in content.heads if content else ():
            for head in heads.heads if only is None else [one for one in heads.heads if one.site in only]:
                name = f"link {number} of {PLATFORM}"
                match(self.tracks.get(head.site), head.site, head.number, head.hash, name, self.problems.append)

        for chain, number in self.empty():
            self._say(chain, number, f"what it sealed is missing, and {PLATFORM} does not say that it was lost")

    def empty(self) -> list[tuple[str, int]]:
        """List the links of which nothing is there that they sealed, though nobody has sealed that it was lost."""
        stated = {(one.site, each) for one in self._lost() for each in range(one.first, one.last + 1)}
        found = [(chain, number) for chain, content in self.contents.items() for number in content.empty]
        return [one for one in found if one not in stated]

    def check_points(self, points: Iterable[Checkpoint]) -> None:
        """See that the chains go through what was written down."""
        for point in points:
            match(self.tracks.get(point.site), *point, "the checkpoint", self.problems.append)

    def compare(self, other: "Copy", complete: bool) -> None:
        """See that no chain is another there; see `track.compare`."""
        for chain in sorted({*self.tracks, *other.tracks}):
            pair = self.tracks.get(chain), other.tracks.get(chain)
            compare(*pair, other.name, self.problems.append, complete)

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The chains' last links, to be written down."""
        tracks = sorted(self.tracks.items())
        return [
            Checkpoint(name, len(track) - 1, track.hash(len(track) - 1).hex()) for name, track in tracks if len(track)
        ]

    @property
    def gone(self) -> list[str]:
        """Tell what Kafka had let go before it was sealed."""
        content = self.contents.get(PLATFORM)
        return [
            f"{one.topic}/{one.partition}, {one.first} to {one.next - 1}: gone before link {number} of {PLATFORM}"
            for number, heads in (content.heads if content else ())
            for one in heads.gone
        ]

    @property
    def lost(self) -> list[str]:
        """Tell of which links a folder has lost what they sealed."""
        words = "what they sealed was lost with a folder"
        return [f"{one.site}, links {one.first} to {one.last}: {words}" for one in self._lost()]

    def _lost(self) -> list[Lost]:
        content = self.contents.get(PLATFORM)
        return [one for _, heads in (content.heads if content else ()) for one in heads.lost]

    def _track(self, chain: str) -> Track:
        if chain not in self.tracks:
            self.tracks[chain] = Track(chain, self.problems.append, self._since)
        return self.tracks[chain]

    def _say(self, chain: str, number: int, what: str) -> None:
        self.problems.append(Problem(chain, number, None, what))


def size(folder: Path) -> int:
    """Count the bytes that `read_folder` will tell its progress in."""
    kinds = ("leaves", "records", "telemetry")
    return sum(file.stat().st_size for kind in kinds for file in folder.glob(f"[!r]*/**/*.{kind}"))
