"""The folder of all chains: claimed by one ledger, and read back where it stopped."""

import fcntl
import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TextIO

from streams.evidence import heads, record
from streams.evidence.chain import Chain
from streams.evidence.shelf import FolderError, Shelf
from streams.telemetry.envelope import SITE_PATTERN
from streams.telemetry.evidence import PLATFORM, Link


class Resumed(NamedTuple):
    """Where a ledger goes on: the chains, and what was sealed of the heads last, None at the beginning."""

    chains: dict[str, Chain]
    heads: heads.Heads | None
    """None at the beginning, too, of a folder that was built anew: how far all was sealed, only its chains know."""
    lines: dict[str, list[tuple[bytes, Link]]]
    """Each chain's links since, and possibly one more: those that the topic may lack."""
    time: datetime | None
    """When the last link was sealed."""


class Folder:
    """A folder of chains."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._claim: TextIO | None = None

    def claim(self) -> None:
        """Take it for this process, and make it if it is missing. Raises `FolderError`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._claim = (self.path / "lock").open("w")
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(f"another ledger seals into {self.path}: only one may") from None
        except OSError as error:
            raise FolderError(f"{self.path}: {error.strerror or error}") from error

    def release(self) -> None:
        """Let others claim it."""
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def shelf(self, chain: str) -> Shelf:
        """Return a chain's files."""
        return Shelf(self.path, chain)

    def chains(self) -> list[str]:
        """Name the chains that are there."""
        found = (child.name for child in self.path.iterdir() if child.is_dir())
        return sorted(name for name in found if name == PLATFORM or re.search(SITE_PATTERN, name))

    def resume(self) -> Resumed:
        """Repair what a kill has left and read the chains' ends. Raises `FolderError`."""
        names = self.chains()
        for name in names:
            self.shelf(name).repair()
        last = self._heads() if PLATFORM in names else None
        chains: dict[str, Chain] = {}
        lines: dict[str, list[tuple[bytes, Link]]] = {}
        times = []
        for name in names:
            since = []
            for line, link in self.shelf(name).back():
                since.append((line, link))
                if last is not None and link.time < last.time:
                    break
            if since:
                chains[name] = chain = Chain(name)
                lines[name] = since[::-1]
                for line, link in lines[name]:
                    chain.follow(line, link)
                times.append(since[0][1].time)
        return Resumed(chains, last, lines, max(times, default=None))

    def _heads(self) -> heads.Heads | None:
        shelf = self.shelf(PLATFORM)
        for _, link in shelf.back():
            if any(span.topic == heads.TOPIC for span in link.spans):
                found = _in(shelf.kept(link), link)
                return found if found.reached else None
        return None


def _in(file: Path, link: Link) -> heads.Heads:
    """Find the heads among a link's records."""
    try:
        for leaf in record.leaves(file.read_bytes()):
            if leaf.startswith(heads.TOPIC.encode() + b" ") and (found := heads.read(record.parse(leaf).value)):
                return found
    except (OSError, record.LeafError) as error:
        raise FolderError(f"{file}: {error}. `tocsin verify` says more") from error
    raise FolderError(f"{file} lacks a record of link {link.number}. `tocsin verify` says more")
