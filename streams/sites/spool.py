"""Store and forward: what is to be published waits in a SQLite file until Kafka has it.

SQLite's write-ahead log does what a spool needs: a commit is on the disk when it returns, a torn tail is found by its
checksums and left out, freed pages are used again. Objects are kept in blocks, as many as came between two commits, so
that the cost of a commit is shared; a device's next sequence number is part of the same commit.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import NamedTuple

FILE = "spool.sqlite3"
VERSION = 1
OVERHEAD = 64
"""Bytes that a block takes beside its objects."""

SCHEMA = """
CREATE TABLE blocks (id INTEGER PRIMARY KEY AUTOINCREMENT, count INTEGER, ranks BLOB, body BLOB);
CREATE TABLE numbers (device TEXT PRIMARY KEY, next INTEGER) WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
"""


class SpoolError(Exception):
    """The spool can't be used or can't keep an object; the message says what to do."""


class Block(NamedTuple):
    """Some objects in order: the domain's rank of each (one byte each), and their JSON with commas between them."""

    ranks: bytes
    body: bytes
    id: int = 0


class Spool:
    """Blocks in order of arrival; safe to use from several threads.

    Parameters
    ----------
    folder
        Where the file lies, made if it is missing; in memory only when None.
    site
        A spool belongs to one site.
    limit
        Bytes of objects that are kept; beyond them the oldest go, and are counted in `lost`.
    """

    def __init__(self, folder: Path | None, site: str, limit: int) -> None:
        self.limit = limit
        self.path = folder / FILE if folder else None
        self._lock = RLock()
        self.done = self.handed = 0
        """The last block that Kafka has, and the last that has been handed to its client."""
        self.held = self._landed = 0
        """Objects that have been handed over and are still kept."""
        with self._telling():
            self._db = self._open(folder)
            self._claim(site)
            read = self._db.execute
            kept = read("SELECT ifnull(sum(count), 0), ifnull(sum(length(body)), 0) FROM blocks").fetchone()
            self.count, self.bytes = int(kept[0]), int(kept[1])
            self.lost = int(self._fact("lost") or 0)
            self.numbers: dict[str, int] = dict(read("SELECT device, next FROM numbers").fetchall())

    def _open(self, folder: Path | None) -> sqlite3.Connection:
        if folder:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        db = sqlite3.connect(self.path or ":memory:", timeout=1.0, isolation_level=None, check_same_thread=False)
        # Exclusive: a second publisher on the same spool would send everything twice.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "journal_size_limit=8388608"):
            db.execute(f"PRAGMA {pragma}")
        return db

    def _claim(self, site: str) -> None:
        """Take the file for this process and this site; make it when it is new."""
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={VERSION}")
            self._tell("site", site)
        elif version != VERSION:
            raise SpoolError(
                f"{self.path} was made by another version ({version}): send it with that one, then delete it"
            )
        self._db.execute("COMMIT")
        if (owner := self._fact("site")) != site:
            raise SpoolError(f"{self.path} is the spool of site {owner}: give {site} a folder of its own")

    def add(self, blocks: Iterable[Block], numbers: Mapping[str, int]) -> None:
        """Keep blocks and the devices' next sequence numbers; they are on the disk when this returns.

        Raises
        ------
        SpoolError : nothing of it was kept.
        """
        blocks = list(blocks)
        size = sum(len(block.body) + OVERHEAD for block in blocks)
        with self._telling(), self._transaction():
            self._sweep()
            self._make_room(size)
            rows = [(len(block.ranks), block.ranks, block.body) for block in blocks]
            self._db.executemany("INSERT INTO blocks (count, ranks, body) VALUES (?, ?, ?)", rows)
            self._db.executemany("INSERT OR REPLACE INTO numbers VALUES (?, ?)", numbers.items())
            self.count += sum(len(block.ranks) for block in blocks)
            self.bytes += sum(len(block.body) for block in blocks)

    def take(self, most: int) -> list[Block]:
        """Hand over the blocks that come next: about so many objects."""
        blocks: list[Block] = []
        with self._telling():
            rows = self._db.execute("SELECT ranks, body, id FROM blocks WHERE id > ? ORDER BY id", (self.handed,))
            for row in rows:
                blocks.append(Block(*row))
                most -= len(blocks[-1].ranks)
                if most <= 0:
                    break
            if blocks:
                self.handed = blocks[-1].id
                self.held += sum(len(block.ranks) for block in blocks)
        return blocks

    def take_back(self) -> None:
        """Begin again with the oldest block that Kafka has not acknowledged."""
        with self._telling():
            self.sweep()
            self.handed, self.held = self.done, 0

    def sweep(self) -> None:
        """Forget what Kafka has, up to block `done`."""
        with self._telling(), self._transaction():
            self._sweep()

    def acknowledge(self, last: int, objects: int) -> None:
        """Learn that Kafka has everything up to block `last`, so many objects more than before."""
        with self._lock:
            self.done = last
            self._landed += objects

    @property
    def unacknowledged(self) -> int:
        """Objects that Kafka does not have."""
        return self.count - self._landed

    @property
    def waiting(self) -> int:
        """Objects that have not been handed over."""
        return self.count - self.held

    def close(self) -> None:
        """Forget what Kafka has, and close the file."""
        self.sweep()
        with self._telling():
            self._db.close()

    def _sweep(self) -> None:
        swept = self._delete("id <= ?", (self.done,))
        self.held -= swept
        self._landed -= swept

    def _make_room(self, size: int) -> None:
        """Give up the oldest blocks that are not already on their way."""
        excess = self.bytes + size - self.limit
        if excess <= 0:
            return
        last = self.handed
        for number, length in self._db.execute("SELECT id, length(body) FROM blocks WHERE id > ? ORDER BY id", (last,)):
            last = number
            excess -= length
            if excess <= 0:
                break
        if excess > 0:
            raise SpoolError(f"{size:,} bytes do not fit into a spool of {self.limit:,} at once: give it more room")
        lost = self._delete("id > ? AND id <= ?", (self.handed, last))
        self.lost += lost
        self._tell("lost", self.lost)

    def _delete(self, where: str, bounds: tuple[int, ...]) -> int:
        count, size = self._db.execute(
            f"SELECT ifnull(sum(count), 0), ifnull(sum(length(body)), 0) FROM blocks WHERE {where}", bounds
        ).fetchone()
        if count:
            self._db.execute(f"DELETE FROM blocks WHERE {where}", bounds)
            self.count -= count
            self.bytes -= size
        return int(count)

    def _fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def _tell(self, name: str, value: str | int) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing, also of what is counted."""
        counted = self.count, self.bytes, self.lost, self.held, self._landed
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.count, self.bytes, self.lost, self.held, self._landed = counted
            raise

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """One thread at a time, and SQLite's complaints in words that help."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise SpoolError(f"the spool {self.path} can't be used: {error}. {_advice(error)}") from error


def _advice(error: Exception) -> str:
    text = str(error)
    if "locked" in text:
        return "Another process publishes from it: stop that one, or give this one a folder of its own"
    if "full" in text or "disk I/O" in text:
        return "Free some space on its disk; what was not kept was not acknowledged"
    if "malformed" in text or "not a database" in text:
        return "The file is damaged: move it aside and start again; `sqlite3 FILE .recover` may read what it held"
    return "Look at the folder's rights and its disk"
