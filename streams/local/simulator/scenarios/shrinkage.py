"""A few cartons a day go missing for two weeks: nobody is to be woken, but somebody has to know."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Take some cartons a day that no book knows of."""
    end = start + 21 * 86400
    site.spells.add(on.SHRINK, start, end, level=rng.uniform(2, 5))
    return Label(start, end, [Stage(start, "rfid", "stock shrinks")])


SCENARIO = Scenario(
    "shrinkage",
    "some cartons a day go missing for three weeks",
    "attack",
    False,
    at_work,
    play,
    WORKING,
    lasts=21,
    insider=True,
)
