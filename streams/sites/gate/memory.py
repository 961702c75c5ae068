"""What a site has lately sent, so that what it sends again is known."""

from streams.telemetry.envelope import Telemetry

KEPT = 5_000
"""Objects of a site that are remembered at least: more than a publisher sends again after a crash."""


def mark(event: Telemetry) -> int | None:
    """Make of an object what is the same for it and its repeats alone; None for an object without a sequence."""
    number = event.sequence
    return None if number is None else hash((event.device, number, event.time))


class Memory:
    """The latest `KEPT` to 2 × `KEPT` objects of a partition, in two generations.

    It is a function of the log: whoever reads again from `begin` remembers the same.
    """

    __slots__ = ("_began", "_new", "_old", "begin")

    def __init__(self, begin: int) -> None:
        self.begin = self._began = begin
        self._old: set[int] = set()
        self._new: set[int] = set()

    def repeats(self, event: Telemetry, offset: int) -> bool:
        """Whether this very object was there before; remembers it, as of that record, if not."""
        known = mark(event)
        if known is None:
            return False
        if known in self._new or known in self._old:
            return True
        if len(self._new) >= KEPT:
            self._old, self._new = self._new, set()
            self.begin, self._began = self._began, offset
        self._new.add(known)
        return False
