"""A black start test: the mains are opened on purpose, the generator carries the house for a while."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.bulletins import announce
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Open all feeds; bring them back; announce it or not."""
    end = start + rng.uniform(10, 50) * 60
    for meter in site.meters:
        if meter.feed != "ups":
            site.spells.add(on.FEED_DEAD, start + rng.uniform(0, 3), end + rng.uniform(0, 5), meter.feed)
    site.spells.add(on.GENERATOR_TEST, start - rng.uniform(0, 120), end + rng.uniform(120, 400))
    if rng.random() < 0.5:
        announce(site, start - 3 * 3600, start - 900, end + 1800, ["power"], reason="black start test")
    return Label(start - 300, end + 1800, [Stage(start, "power", "mains opened for a test")])


SCENARIO = Scenario(
    "generator-test",
    "the mains are opened on purpose to test the generator",
    "benign",
    False,
    at_work,
    play,
    WORKING,
)
