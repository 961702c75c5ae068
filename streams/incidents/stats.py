"""What went past, for metrics and reports."""

from collections import Counter


class Stats:
    """Counts over all sites of a shard.

    Attributes
    ----------
    events, duplicates, late, forgotten, tags
        Objects judged, dropped as repeats, judged out of order; devices and tags forgotten for lack of room.
    actions
        What people and actuators did about incidents, by what came of it: `taken`, `idle` (it changed nothing, being
        read again or said before), `unknown` (no such incident or command is under way).
    """

    def __init__(self) -> None:
        self.events = 0
        self.duplicates = 0
        self.late = 0
        self.forgotten = 0
        self.tags = 0
        self.actions: Counter[str] = Counter()
