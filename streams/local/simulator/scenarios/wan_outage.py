"""The site's line is down for hours; everything arrives late in one burst."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Hold back all that does not go over the cellular path."""
    end = start + rng.uniform(2, 11) * 3600
    site.spells.add(on.WAN, start, end)
    site.signal(start + rng.uniform(30, 120), "YC")
    site.signal(end + rng.uniform(5, 60), "YK")
    return Label(start, end + 1200, [Stage(start, "alarm", "the line is down")])


def _when(day: Day, rng: Random) -> float:
    return day.at(rng.uniform(0, 23))


SCENARIO = Scenario("wan-outage", "the line is down for hours, then a burst", "benign", False, _when, play)
