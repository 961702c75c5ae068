"""The UPS battery is worn out: it asks for replacement and gives in at every dip."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Age for some weeks; have short dips and tests meanwhile; be replaced."""
    end = start + 12 * 86400
    site.spells.add(on.UPS_WEAK, start - 20 * 86400, end)
    feeds = [meter.feed for meter in site.meters if meter.feed != "ups"]
    for _ in range(rng.randint(3, 7)):
        when = rng.uniform(start, end)
        if rng.random() < 0.5:
            site.spells.add(on.UPS_TEST, when, when + rng.uniform(8, 60))
            continue
        lasting = rng.uniform(3, 40)
        for feed in feeds:
            site.spells.add(on.FEED_DEAD, when, when + lasting, feed)
    return Label(start, end, [Stage(start, "power", "battery worn out")])


def _fits(site: Site, day: Day) -> bool:
    return site.ups is not None


SCENARIO = Scenario(
    "dying-battery",
    "a UPS battery that gives in at every dip",
    "benign",
    False,
    anytime,
    play,
    Fit(_fits, "it needs a UPS"),
    lasts=12,
)
