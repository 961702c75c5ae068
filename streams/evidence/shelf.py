"""The files of one chain, in a folder that any synchroniser can carry to an object store.

    SITE/2026/12/04.links            a link a line, as on the topic `evidence`
    SITE/2026/12/04.leaves           32 bytes a record: the leaves' hashes, link after link
    SITE/2026/12/04/812.records      what link 812 keeps whole of what was found, decided and done
    SITE/2026/12/04/812.telemetry    and of telemetry, where an incident asks for it

Files are appended to for one day (UTC, of sealing) and never touched again; the others are written once. A link's line
comes last, after the rest is on the disk: a link that is there is there whole.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from streams.evidence import link as links
from streams.evidence.merkle import SIZE
from streams.telemetry.evidence import Link

RECENT = "recent"
"""Folder of the telemetry that is kept for a while, should an incident ask for it. It needs no copy."""


class FolderError(Exception):
    """The folder can't be used; the message says what to do."""


class Sealed(NamedTuple):
    """A batch that is about to be filed."""

    link: Link
    line: bytes
    hashes: bytes
    records: bytes
    telemetry: bytes


class Shelf:
    """One chain's files, in the folder `root`."""

    def __init__(self, root: Path, chain: str) -> None:
        self.chain = chain
        self.path = root / chain
        self.recent = root / RECENT / chain

    def file(self, sealed: Sealed) -> None:
        """File a batch; all of it is on the disk when this returns."""
        self.keep_whole(sealed.link, sealed.records, sealed.telemetry)
        self.enter(sealed.link, sealed.line, sealed.hashes)

    def keep_whole(self, link: Link, records: bytes, telemetry: bytes) -> None:
        """File what a link that is about to be entered keeps."""
        day = f"{link.time:%Y/%m/%d}"
        if records:
            _write(self.path / day / f"{link.number}.records", records)
        if telemetry:
            place = self.recent if link.whole_from is None else self.path
            file = place / day / f"{link.number}.telemetry"
            _write(file, telemetry)
            if link.until is not None:
                # Files of telemetry are as old as what is in them: so one sees which may go.
                os.utime(file, (link.until.timestamp(), link.until.timestamp()))

    def enter(self, link: Link, line: bytes, hashes: bytes) -> None:
        """Append a link and its leaves' hashes."""
        day = f"{link.time:%Y/%m/%d}"
        _append(self.path / f"{day}.leaves", hashes)
        _append(self.path / f"{day}.links", line + b"\n")
        if link.whole_from is not None:
            self.keep(link.whole_from)

    def keep(self, number: int) -> None:
        """Keep the recent telemetry from this link on for good."""
        for file in self.waiting():
            if int(file.stem) >= number:
                kept = self.path / file.relative_to(self.recent)
                _make(kept.parent)
                file.rename(kept)
                _sync(kept.parent)

    def waiting(self) -> list[Path]:
        """List the files of recent telemetry, by their links' numbers."""
        return sorted(self.recent.glob("*/*/*/*.telemetry"), key=lambda file: int(file.stem))

    def prune(self, before: float) -> None:
        """Let recent telemetry go that is all older than this (Kafka's time, Unix seconds)."""
        for file in self.waiting():
            if file.stat().st_mtime >= before:
                return
            file.unlink()

    def days(self) -> list[str]:
        """List the days that have links, in order."""
        return sorted(str(file.relative_to(self.path).with_suffix("")) for file in self.path.glob("*/*/*.links"))

    def lines(self, day: str) -> list[bytes]:
        """Read a day's links."""
        return (self.path / f"{day}.links").read_bytes().splitlines()

    def all(self) -> Iterator[bytes]:
        """Read all links, from the first on."""
        for day in self.days():
            yield from self.lines(day)

    def back(self) -> Iterator[tuple[bytes, Link]]:
        """Read the links from the last one back; raises `FolderError` for a broken one."""
        for day in reversed(self.days()):
            for line in reversed(self.lines(day)):
                try:
                    yield line, links.read(line)
                except links.LinkError as error:
                    raise FolderError(f"{self.path}/{day}.links: {error}. `tocsin verify` says more") from error

    def kept(self, link: Link, kind: str = "records") -> Path:
        """Name the file of a link's `records` or `telemetry`."""
        return self.path / f"{link.time:%Y/%m/%d}" / f"{link.number}.{kind}"

    def repair(self) -> None:
        """Take away what a kill in the middle of filing has left: it belongs to no link. Raises `FolderError`."""
        if days := self.days():
            _cut_line(self.path / f"{days[-1]}.links")
        day = next(reversed(self.days()), "")
        last = next(self.back(), None)
        for file in self.path.glob("*/*/*.leaves"):
            if (today := str(file.relative_to(self.path).with_suffix(""))) >= day:
                whole = SIZE * sum(links.read(line).count for line in self.lines(day)) if today == day else 0
                if file.stat().st_size < whole:
                    raise FolderError(f"{file} holds too few hashes: it was damaged. `tocsin verify` says more")
                os.truncate(file, whole)
        folders = [folder for root in (self.path, self.recent) for folder in root.glob("*/*/*") if folder.is_dir()]
        for folder in folders:
            if "/".join(folder.parts[-3:]) < day:
                continue
            for file in folder.iterdir():
                if file.suffix == ".partial" or int(file.stem) > (-1 if last is None else last[1].number):
                    file.unlink()
        if last is not None and last[1].whole_from is not None:
            self.keep(last[1].whole_from)


def lines_of(leaves: Iterable[bytes]) -> bytes:
    """Write leaves as a file holds them."""
    return b"".join(leaf + b"\n" for leaf in leaves)


def _write(file: Path, data: bytes) -> None:
    _make(file.parent)
    partial = file.with_suffix(".partial")
    with partial.open("wb") as writing:
        writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    partial.rename(file)
    _sync(file.parent)


def _append(file: Path, data: bytes) -> None:
    is_new = not file.exists()
    if is_new:
        _make(file.parent)
    with file.open("ab") as writing:
        writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    if is_new:
        _sync(file.parent)


def _make(folder: Path) -> None:
    """Make a folder that stays, whatever happens."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    """Bring a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cut_line(file: Path) -> None:
    """Cut off a last line that was not written whole; a file without any other goes."""
    data = file.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole == 0:
        file.unlink()
    elif whole < len(data):
        os.truncate(file, whole)
