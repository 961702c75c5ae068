"""When a snapshot is due: often enough that little is read again, and not so often that it costs more than it saves."""

from time import monotonic

LEAN = 18.0
"""Bytes of snapshots an event that are worth waiting for more events."""
PATIENT = 6
"""Intervals that a snapshot waits at most for being worth its bytes: what it does not hold is read again."""


class Pace:
    """Paces the snapshots of one lane.

    Parameters
    ----------
    interval
        Seconds between two of them, at least.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._events = 0
        self._bytes = self._former = 0
        self._busy = 0.0

    def took(self, events: int) -> None:
        """Count events that the next snapshot will include."""
        self._events += events
        self._busy = monotonic()

    def begin(self) -> None:
        """Begin a snapshot."""
        self._events = self._bytes = 0

    def wrote(self, size: int) -> None:
        """Count bytes of the snapshot in the making."""
        self._bytes += size

    def end(self) -> None:
        """End it: the next one will weigh as much."""
        self._former = self._bytes

    def due(self, age: float) -> bool:
        """Say whether one is due, `age` seconds after the last: under load only when it is worth its bytes."""
        if age < self._interval:
            return False
        quiet = monotonic() - self._busy > self._interval
        return quiet or age >= PATIENT * self._interval or self._events * LEAN >= self._former
