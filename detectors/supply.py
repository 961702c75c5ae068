"""What feeds the site right now: which feeds are live, whether a UPS is on battery."""

from detectors.state import Part

DEAD_VOLTAGE = 40.0
"""Below this a feed counts as dead; a sag of the public grid stays far above it (EN 50160)."""


class Supply(Part):
    """The state of a site's feeds and UPSes, for detectors that must know whether the power explains something."""

    def __init__(self) -> None:
        self.dead: dict[str, float] = {}
        self.alive: dict[str, float] = {}
        self.battery: dict[str, float] = {}
        self.changed = 0.0
        self.gone = False
        self.low = False

    def reading(self, feed: str, voltage: float, at: float) -> None:
        """Take a meter's reading of a feed at Unix seconds `at`."""
        if voltage < DEAD_VOLTAGE:
            self.alive.pop(feed, None)
            if feed not in self.dead:
                self.dead[feed] = self.changed = at
                self._count()
        else:
            if self.dead.pop(feed, None) is not None:
                self.changed = at
            elif feed in self.alive:
                self.alive[feed] = at
                return
            self.alive[feed] = at
            self._count()

    def status(self, device: str, flags: "frozenset[str] | set[str]", at: float) -> None:
        """Take a UPS's flags at Unix seconds `at`."""
        self.low = "LB" in flags
        if "OB" in flags:
            if device not in self.battery:
                self.battery[device] = self.changed = at
        elif self.battery.pop(device, None) is not None:
            self.changed = at

    def out(self) -> bool:
        """Whether no grid feed is live and at least one is known dead, or a UPS runs on battery."""
        return self.gone or bool(self.battery)

    def began(self) -> float:
        """Since when the supply has been out, Unix seconds: a UPS tells it sooner than the last meter."""
        return min(self.battery.values(), default=self.changed)

    def disturbed(self, at: float, within: float = 1800.0) -> bool:
        """Whether the supply is out or changed within the last `within` seconds."""
        return self.out() or abs(at - self.changed) <= within

    def _count(self) -> None:
        grid_dead = any(feed.startswith("grid") for feed in self.dead)
        grid_live = any(feed.startswith("grid") for feed in self.alive)
        self.gone = grid_dead and not grid_live
