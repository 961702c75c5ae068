"""What an actuator has begun, what came of it, and how far it has read: on the disk, so that a restart knows."""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from streams.incidents.model import Outcome

KEPT_S = 90 * 86400.0
"""Seconds for which a command is remembered: longer than Kafka keeps it."""
_TABLES = """
CREATE TABLE IF NOT EXISTS command (id TEXT PRIMARY KEY, begun REAL NOT NULL, ended REAL, outcome TEXT, note TEXT);
CREATE TABLE IF NOT EXISTS place (partition INTEGER PRIMARY KEY, offset INTEGER NOT NULL);
"""


class JournalError(Exception):
    """The journal can't be used; the message says which and why."""


class Entry(NamedTuple):
    """What became of a command, and when; no outcome where its carrying out was begun and did not end."""

    outcome: Outcome | None
    note: str
    ended: float | None


class Journal:
    """A small database in one file; several actuators may share it, and still each command is begun once.

    Parameters
    ----------
    path
        The file; made where it is not there.
    now
        Unix seconds: what is older than three months is forgotten.
    """

    def __init__(self, path: Path, now: float) -> None:
        try:
            self._base = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.executescript(_TABLES)
            self._base.execute("DELETE FROM command WHERE begun < ?", (now - KEPT_S,))
        except sqlite3.Error as error:
            raise JournalError(f"{path}: {error}") from error

    def begin(self, command: str, now: float) -> bool:
        """Note on the disk that a command is begun; False where it has been before."""
        sql = "INSERT OR IGNORE INTO command (id, begun) VALUES (?, ?)"
        return self._base.execute(sql, (command, now)).rowcount == 1

    def end(self, command: str, outcome: Outcome, note: str, now: float) -> None:
        """Note what came of it."""
        sql = "UPDATE command SET outcome = ?, note = ?, ended = ? WHERE id = ?"
        self._base.execute(sql, (outcome, note, now, command))

    def entry(self, command: str) -> Entry:
        """Tell what became of a command that was begun."""
        sql = "SELECT outcome, note, ended FROM command WHERE id = ?"
        outcome, note, ended = self._base.execute(sql, (command,)).fetchone()
        return Entry(outcome, note or "", ended)

    def reached(self, partition: int, offset: int) -> None:
        """Note that everything below this offset is seen to."""
        self._base.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (partition, offset))

    def places(self) -> dict[int, int]:
        """Tell where to read on, by partition."""
        return dict(self._base.execute("SELECT partition, offset FROM place").fetchall())

    def close(self) -> None:
        """Close the file."""
        self._base.close()
