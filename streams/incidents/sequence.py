"""Drops exact repeats: the same device, sequence and time again, or without a sequence the same content and time.

A device counts up, so what it was heard to say is told in few bytes: its latest numbers one by one, each with its time,
and all older ones as runs of numbers without a gap, each with the span of its times. A number of a run within that span
is a repeat; the same number at another time is news, for whoever plays an old message again gives it a new time. One
thing is mistaken: a device that has started to count anew and whose clock then falls back into the span in which it had
used the very same numbers; what it says counts as repeats until its clock has caught up.
"""

from array import array
from collections.abc import Mapping
from heapq import nsmallest
from math import inf
from zlib import crc32

from detectors.state import Part
from streams.incidents.runs import Runs

MOST_DEVICES = 5000
"""Devices a site may have before the least recently heard are forgotten."""
AT_ONCE = MOST_DEVICES // 20
"""How many of them then go: looking for them and for what knows them takes a while."""
REMEMBERED = 32
"""Numbers of a device, counted back from its newest, whose times are known to the millisecond."""
SETS, WAYS = 16, 4
"""How many objects without a number are remembered: in so many sets by content, so many of each."""
BLOCK = 128
"""After so many numbers a run is closed: its times shall span little."""
JITTER_S = 10.0
"""How far the time of the next number may lie before that of the last, s; further back, the clock was set."""


class Tracker(Part):
    """What was lately seen of one device's numbering.

    Attributes
    ----------
    newest
        The latest number, `first` to `newest` being the run that goes on.
    early, late
        The span of its times, Unix seconds.
    ring
        For each of the last numbers, modulo `REMEMBERED`, 16 bits of its time in ms; 0 for one that was not heard.
    past
        Earlier runs.
    marks
        For objects without a sequence: 32 bits of content and time each, in sets by the content's hash, the latest
        first; 0 for none. A batch may come twice as a whole, so that they must outlast one.
    born
        Since when it counts as it does now, Unix seconds: its last restart.
    seen
        When the device last spoke, by the arrival clock, Unix seconds.
    """

    __slots__ = ("born", "early", "first", "late", "marks", "newest", "past", "ring", "seen")

    def __init__(self) -> None:
        self.first, self.newest = 0, -1
        self.early, self.late, self.born = inf, -inf, -inf
        self.ring = array("H", bytes(2 * REMEMBERED))
        self.past = Runs()
        self.marks = array("I")
        self.seen = 0.0

    def echoes(self, content: bytes, time: float) -> bool:
        """Whether an object without a sequence is a repeat: the same content at the same time; remembers it if not."""
        if len(self.marks) != SETS * WAYS:
            self.marks = array("I", bytes(4 * SETS * WAYS))
        number = crc32(content)
        mark, start = hash((number, time)) & 0xFFFFFFFF or 1, number % SETS * WAYS
        known = self.marks[start : start + WAYS]
        if mark in known:
            return True
        self.marks[start] = mark
        self.marks[start + 1 : start + WAYS] = known[:-1]
        return False

    def repeats(self, sequence: int, time: float) -> bool:
        """Whether this very object was seen before; remembers it if not. `time` is in Unix seconds."""
        if sequence == self.newest + 1 and time > self.late - JITTER_S:  # the rule
            if not sequence % BLOCK:
                self._close(sequence, time)
            elif time > self.late:
                self.late = time
            if time < self.early:
                self.early = time
            self.newest = sequence
            self.ring[sequence % REMEMBERED] = int(time * 1000.0) & 0xFFFF or 1
            return False
        return self._odd(sequence, time)

    def _odd(self, sequence: int, time: float) -> bool:
        """Judge what is not simply the next one: a gap, a late one, a repeat, a replay, a restart."""
        slot, mark = sequence % REMEMBERED, int(time * 1000.0) & 0xFFFF or 1
        if sequence > self.newest:
            if self.past.hold(sequence, time, inf):  # from before a restart
                return True
            for missing in range(max(self.newest + 1, sequence - REMEMBERED), sequence):
                self.ring[missing % REMEMBERED] = 0
            self._begin(sequence, time)
        elif self._heard(sequence, time, mark):
            return True
        elif sequence == self.newest and time > self.late:  # two events of one message
            self.past.add(sequence, sequence, time, time, time)
            self.late = time
            return False
        elif time > self.late:
            self.ring = array("H", bytes(2 * REMEMBERED))
            self.born = time
            self._begin(sequence, time)
        else:
            self.past.add(sequence, sequence, time, time, self.late)
            if sequence <= self.newest - REMEMBERED or self.ring[slot]:
                return False
        self.ring[slot] = mark
        return False

    def _heard(self, sequence: int, time: float, mark: int) -> bool:
        if sequence <= self.newest - REMEMBERED:
            own = self.first <= sequence and self.early <= time <= self.late
            return own or self.past.hold(sequence, time, inf)
        same = self.ring[sequence % REMEMBERED] == mark
        return (same and time <= self.late) or self.past.hold(sequence, time, inf if same else self.born)

    def _begin(self, sequence: int, time: float) -> None:
        """Go on at another number, or with a clock that was set back."""
        self._close(sequence, time)
        self.newest = sequence

    def _close(self, sequence: int, time: float) -> None:
        """Put the run that went on until now behind, and begin another one."""
        if self.early <= self.late and self.first <= self.newest:
            self.past.add(self.first, self.newest, self.early, self.late, self.late)
        self.first, self.early, self.late = sequence, time, time


def least_recent(trackers: Mapping[str, Tracker]) -> set[str]:
    """Name the devices that have not spoken for longest."""
    return set(nsmallest(AT_ONCE, trackers, key=lambda name: (trackers[name].seen, name)))
