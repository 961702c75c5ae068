"""What went past, for metrics and reports."""


class Stats:
    """Counts over all sites of a shard.

    Attributes
    ----------
    events, duplicates, late, forgotten
        Objects judged, dropped as repeats, judged out of order; devices forgotten for lack of room.
    """

    def __init__(self) -> None:
        self.events = 0
        self.duplicates = 0
        self.late = 0
        self.forgotten = 0
