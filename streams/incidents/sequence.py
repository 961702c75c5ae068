"""Drops exact repeats: the same device, sequence and time again."""

from collections import deque

from detectors.state import part

REMEMBERED = 32
"""Objects of a device among which a repeat is recognised."""


@part
class Tracker:
    """What was lately seen of one device's numbering."""

    __slots__ = ("newest", "recent", "seen")

    def __init__(self) -> None:
        self.newest = -1
        self.recent: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self.seen = 0.0

    def repeats(self, sequence: int, time: float) -> bool:
        """Whether this very object was seen before; remembers it if not. `time` is in Unix seconds."""
        if sequence > self.newest:
            self.newest = sequence
        elif (sequence, time) in self.recent:
            return True
        self.recent.append((sequence, time))
        return False
