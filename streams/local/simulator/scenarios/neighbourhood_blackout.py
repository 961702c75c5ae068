"""The whole neighbourhood is dark for an hour or two; several sites of one region at once."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut every grid feed at once and bring it back."""
    end = _end(site, start)
    _darken(site, start, end, rng)
    return Label(start, end + 1800, [Stage(start, "power", "the neighbourhood is dark")])


def elsewhere(site: Site, other: Site, day: Day, start: float, rng: Random) -> Label | None:
    """Let the neighbours be dark too."""
    if other.place.region != site.place.region:
        return None
    _darken(other, start, _end(site, start), rng)
    return Label(start, _end(site, start) + 1800, [Stage(start, "power", "the neighbourhood is dark")])


def _end(site: Site, start: float) -> float:
    return start + site.rng("neighbourhood").uniform(0.3, 2.5) * 3600


def _darken(site: Site, start: float, end: float, rng: Random) -> None:
    for meter in site.meters:
        if meter.feed != "ups":
            site.spells.add(on.FEED_DEAD, start + rng.uniform(0, 0.5), end + rng.uniform(0, 2), meter.feed)
    if rng.random() < 0.5:  # The street's switch has no battery.
        site.spells.add(on.WAN, start + rng.uniform(0, 600), end + rng.uniform(60, 400))


SCENARIO = Scenario(
    "neighbourhood-blackout",
    "several sites of a region dark at once by night",
    "benign",
    False,
    by_night,
    play,
    elsewhere=elsewhere,
    sites=4,
)
