"""When the public grid last failed at a site: the moment that is compared with other sites' moments."""

from detectors.events import PowerStatus
from detectors.state import Part
from detectors.supply import DEAD_VOLTAGE

SAME_S = 300.0
"""Feeds and UPSes that go within this time go in one outage, s."""
PROMPT_S = 15.0
"""How long after its input a UPS tells that it is gone, at the most, s."""
LONGEST_S = 1200.0
"""A feed that was last read longer ago than this says little about the moment, s."""


class Grid(Part):
    """The last outage of a site's public grid, whole or of one feed.

    Attributes
    ----------
    since, at
        It happened between these, event time in Unix seconds; `at` is 0 before the first.
    clock
        When it was noticed, arrival clock in Unix seconds.
    """

    def __init__(self) -> None:
        self.since = 0.0
        self.at = 0.0
        self.clock = 0.0
        self.alive: dict[str, float] = {}
        self.unfed: dict[str, float] = {}

    def reading(self, feed: str, voltage: float, at: float, clock: float) -> None:
        """Take a meter's reading of a feed."""
        if not feed.startswith("grid"):
            return
        if voltage >= DEAD_VOLTAGE:
            self.alive[feed] = max(at, self.alive.get(feed, 0.0))
        elif feed in self.alive:
            self._fail(max(self.alive.pop(feed), at - LONGEST_S), at, clock)

    def status(self, event: PowerStatus, unfed: bool, at: float, clock: float) -> None:
        """Take a UPS's flags; `unfed` says whether it is on battery because its input is dead."""
        if not unfed:
            if "OB" not in event.status:
                self.unfed.pop(event.device, None)
        elif event.device not in self.unfed:
            self.unfed[event.device] = at
            self._fail(at - PROMPT_S, at, clock)

    def _fail(self, since: float, at: float, clock: float) -> None:
        if abs(at - self.at) > SAME_S and at > self.at:
            self.since, self.at, self.clock = min(since, at), at, clock
