"""What every way of carrying a command out has in common."""

from typing import NamedTuple, Protocol

from streams.incidents.model import Command

LONGEST_NOTE = 300


class HandError(Exception):
    """It can't be used like this; the message says what to do."""


class Result(NamedTuple):
    """Whether a command was carried out, and what there is to say about it."""

    done: bool
    note: str


class Hand(Protocol):
    """A way of carrying commands out."""

    def act(self, command: Command, body: bytes, timeout: float) -> Result:
        """Carry one out within `timeout` seconds; `body` is the command as JSON. What fails is a result, too."""
        ...


def last_line(text: str) -> str:
    """Take the last line that says something, short and printable: what a program says at its end."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[-1][:LONGEST_NOTE] if lines else ""
    return "".join(letter if letter.isprintable() else " " for letter in said)
