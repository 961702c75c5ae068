"""Drops exact repeats: the same device, sequence and time again, or without a sequence the same content and time."""

from array import array
from collections.abc import Mapping
from heapq import nsmallest
from zlib import crc32

from detectors.state import part

MOST_DEVICES = 5000
"""Devices a site may have before the least recently heard are forgotten."""
AT_ONCE = MOST_DEVICES // 20
"""How many of them then go: looking for them and for what knows them takes a while."""
REMEMBERED = 32
"""Numbers of a device, counted back from its newest, among which a repeat is recognised."""


@part
class Tracker:
    """What was lately seen of one device's numbering.

    Attributes
    ----------
    newest
        Highest sequence so far.
    marks
        For each of the last sequences, modulo `REMEMBERED`, 32 bits that stand for it and its time; 0 for none. They
        take a tenth of the room of the pairs themselves, in memory and in every snapshot, which they fill the most.
    seen
        When the device last spoke, by the arrival clock, Unix seconds.
    """

    __slots__ = ("marks", "newest", "seen")

    def __init__(self) -> None:
        self.newest = -1
        self.marks = array("I", bytes(4 * REMEMBERED))
        self.seen = 0.0

    def echoes(self, content: bytes, time: float) -> bool:
        """Whether an object without a sequence is a repeat: the same content at the same time; remembers it if not."""
        return self._known(crc32(content), time)

    def repeats(self, sequence: int, time: float) -> bool:
        """Whether this very object was seen before; remembers it if not. `time` is in Unix seconds."""
        if sequence > self.newest:
            self.newest = sequence
            self._known(sequence, time)
            return False
        return self._known(sequence, time)

    def _known(self, number: int, time: float) -> bool:
        marks, slot = self.marks, number % REMEMBERED
        mark = hash((number, time)) & 0xFFFFFFFF or 1
        if marks[slot] == mark:
            return True
        marks[slot] = mark
        return False


def least_recent(trackers: Mapping[str, Tracker]) -> set[str]:
    """Name the devices that have not spoken for longest."""
    return set(nsmallest(AT_ONCE, trackers, key=lambda name: (trackers[name].seen, name)))
