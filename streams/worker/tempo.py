"""How often ticks come: often while there is time for it, so that nothing waits; seldom when there is not."""

from time import monotonic, process_time

SLOWEST = 1.0
"""Seconds between the ticks of a busy worker: few large slices cost less than many small ones."""
BUSY, EASY = 0.8, 0.6
"""Shares of a core from which on ticks come less often, and below which they come more often."""
LOOK = 1.0
"""Seconds over which the share is taken."""


class Tempo:
    """The seconds between two ticks.

    Parameters
    ----------
    quickest
        Seconds between the ticks of an idle worker.
    """

    def __init__(self, quickest: float) -> None:
        self.interval = self._quickest = quickest
        self._at, self._used = monotonic(), process_time()

    def look(self) -> float:
        """Tell the present interval, after a look at how busy the process was."""
        now, used = monotonic(), process_time()
        if now - self._at >= LOOK:
            self.adapt((used - self._used) / (now - self._at))
            self._at, self._used = now, used
        return self.interval

    def adapt(self, share: float) -> None:
        """Take the share of a core that the process needed of late."""
        if share > BUSY:
            self.interval = min(2.0 * self.interval, max(SLOWEST, self._quickest))
        elif share < EASY:
            self.interval = max(0.5 * self.interval, self._quickest)
