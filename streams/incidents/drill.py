"""The watch over a drill's shadow: a site that is made up, marked by its name, and kept apart from the real ones."""

from msgspec.structs import replace

from streams.incidents.model import Fact, Incident, Output
from streams.incidents.registry import Registry
from streams.incidents.stats import Stats
from streams.incidents.watch import Watch
from streams.telemetry.control import is_drill
from streams.telemetry.decode import Arrival

GONE_S = 3600.0
"""Seconds after its last word after which a shadow that nobody took away is gone."""


class Drill(Watch):
    """Watches a shadow as any site is watched, with the same detectors and the same fusion.

    But it tells other sites nothing and hears nothing of them, knows nobody's goods, and its incidents say that they
    are a drill's.

    Attributes
    ----------
    over
        Whether the shadow has not been heard of for an hour: whoever played it has died.
    """

    def __init__(self, site: str, stats: Stats) -> None:
        super().__init__(site, Registry(), stats)

    @property
    def over(self) -> bool:
        return self.clock >= self._gone()

    def _gone(self) -> float:
        return max(self.scene.heard, self.scene.first) + GONE_S

    def advance(self, clock: float, arrivals: list[Arrival], complete: bool) -> list[Output]:
        """See `Watch`."""
        told = super().advance(clock, arrivals, complete)
        self.due = min(self.due, self._gone())
        return told

    def dismiss(self, clock: float) -> list[Output]:
        """End what is open."""
        if self.case.incident is not None:
            self.scene.clock = self.scene.time = clock
            for event, body in self.case.verdict(self.case.incident.name, "test", clock)[0]:
                self._tell(Output(clock, event, body))
        return self._said()

    def _said(self) -> list[Output]:
        mode = (self.profile.drill if self.profile is not None else None) or "quiet"
        return [
            output._replace(body=replace(output.body, drill=mode)) if isinstance(output.body, Incident) else output
            for output in super()._said()
            if not isinstance(output.body, Fact)
        ]


def over(site: str, registry: Registry, stats: Stats) -> Watch:
    """Make the watch over a site."""
    return Drill(site, stats) if is_drill(site) else Watch(site, registry, stats)
