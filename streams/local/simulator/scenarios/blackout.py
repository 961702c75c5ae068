"""The quarter is dark for a while, by night; the UPS and perhaps the generator carry the house."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut every grid feed at once and bring it back within two hours."""
    end = start + rng.uniform(0.1, 2) * 3600
    for meter in site.meters:
        if meter.feed != "ups":
            site.spells.add(on.FEED_DEAD, start + rng.uniform(0, 0.5), end + rng.uniform(0, 2), meter.feed)
    return Label(start, end + 1800, [Stage(start, "power", "the quarter is dark")])


def _when(day: Day, rng: Random) -> float:
    return day.at(rng.uniform(0, 23))


SCENARIO = Scenario("blackout", "the grid fails for up to two hours", "benign", False, _when, play)
