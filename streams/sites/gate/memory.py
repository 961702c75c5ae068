"""What a site has lately sent, so that what it sends again is known."""

from streams.telemetry.envelope import Telemetry

KEPT = 5_000
"""Objects of a site that are remembered at least: more than a publisher sends again after a crash."""


class Memory:
    """The latest `KEPT` to 2 × `KEPT` objects of a partition, in two generations.

    It is a function of the log: whoever reads again from `begin` remembers the same.
    """

    __slots__ = ("_began", "_new", "_old", "begin")

    def __init__(self, begin: int) -> None:
        self.begin = self._began = begin
        self._old: set[int] = set()
        self._new: set[int] = set()

    def repeats(self, event: Telemetry, time: float, offset: int) -> bool:
        """Whether this very object was there before; remembers it, as of that record, if not.

        `time` is the object's in unix seconds. One without a sequence is no repeat of anything.
        """
        if event.sequence is None:
            return False
        known = hash((event.device, event.sequence, time))
        if known in self._new or known in self._old:
            return True
        if len(self._new) >= KEPT:
            self._old, self._new = self._new, set()
            self.begin, self._began = self._began, offset
        self._new.add(known)
        return False
