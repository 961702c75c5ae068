"""The night in which the clocks are put back: every local habit is an hour late in UTC."""

from datetime import date
from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Nothing but the change of clocks happens."""
    return Label(day.start, day.end + 7 * 86400, [Stage(start, "alarm", "clocks are changed")])


def _when(day: Day, rng: Random) -> float:
    return day.start + 3 * 3600


SCENARIO = Scenario(
    "clock-change",
    "the clocks are put back",
    "benign",
    False,
    _when,
    play,
    only=date(2026, 10, 25),
    lasts=8,
)
