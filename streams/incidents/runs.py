"""Runs of a device's numbers: which were heard, and from when to when, in a bounded number of bytes."""

from array import array
from math import ceil, floor

from detectors.state import Part

MOST = 6
"""Runs that are kept. Neighbours are joined, old ones first, so that without gaps they reach back for ever."""


class Runs(Part):
    """Some runs, each two `numbers`, its first and its last, and two `times`, from when to when, Unix seconds."""

    __slots__ = ("numbers", "times")

    def __init__(self) -> None:
        self.numbers = array("q")
        self.times = array("d")

    def hold(self, number: int, time: float, born: float) -> bool:
        """Whether a number was heard at such a time; of runs since `born` only those count that are of one moment."""
        numbers, times = self.numbers, self.times
        return any(
            numbers[at] <= number <= numbers[at + 1]
            and times[at] <= time <= times[at + 1]
            and (times[at] < born or times[at] == times[at + 1])
            for at in range(0, len(numbers), 2)
        )

    def add(self, first: int, last: int, early: float, late: float, now: float) -> None:
        """Take one more run; `now` is the newest time."""
        self.numbers.extend((first, last))
        self.times.extend((early, late))
        if len(self.numbers) > 2 * MOST and not self._join(now):
            self._drop(min(range(0, len(self.times), 2), key=lambda at: self._worth(at, now)))

    def _worth(self, at: int, now: float) -> float:
        """How many numbers a run holds for its age."""
        return (self.numbers[at + 1] - self.numbers[at] + 1) / (max(now - self.times[at + 1], 0.0) + 1.0)

    def _join(self, now: float) -> bool:
        """Join the two neighbours whose common span is the shortest for its age; False when there are none."""
        numbers, times = self.numbers, self.times
        best, least = (0, 0), 2.0
        for before in range(0, len(numbers), 2):
            after = self._after(before)
            if after is None:
                continue
            early, late = min(times[before], times[after]), max(times[before + 1], times[after + 1])
            share = (late - early) / (max(now, late) - early + 1.0)
            if share < least:
                best, least = (before, after), share
        if least > 1.0:
            return False
        before, after = best
        numbers[before + 1] = numbers[after + 1]
        # Whole seconds take a third of the room in a compressed snapshot; what is newer than all is never in a run.
        late = max(times[before + 1], times[after + 1])
        times[before] = floor(min(times[before], times[after]))
        times[before + 1] = max(late, min(ceil(late), now))
        self._drop(after)
        return True

    def _after(self, before: int) -> int | None:
        """Find the run that goes on where another ends: of several the earliest, for later ones repeat its numbers."""
        numbers, times = self.numbers, self.times
        follows = [
            at
            for at in range(0, len(numbers), 2)
            if numbers[at] == numbers[before + 1] + 1 and times[at + 1] >= times[before]
        ]
        return min(follows, key=lambda at: times[at], default=None)

    def _drop(self, at: int) -> None:
        del self.numbers[at : at + 2]
        del self.times[at : at + 2]
