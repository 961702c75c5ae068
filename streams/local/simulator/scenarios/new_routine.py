"""From one Monday on there is another shift: people, lorries and loads at hours that used to be silent."""

from datetime import timedelta
from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Move the hours by some and add a late shift; what is declared is not touched."""
    shift = rng.choice((-3, -2, 2, 3)) * 60.0
    longer = rng.choice((0, 120, 240))
    hours = {
        number: (max(0.0, begin + shift), end + shift + longer) for number, (begin, end) in site.habits.hours.items()
    }
    if rng.random() < 0.4:
        hours.setdefault(6, (480.0, 960.0))
    site.routines.append((day.date + timedelta(days=1), hours))
    return Label(start, start + 14 * 86400, [Stage(start, "alarm", "another shift")])


def _fits(site: Site, day: Day) -> bool:
    return day.date.isoweekday() == 7 and any(end - begin < 1200 for begin, end in site.habits.hours.values())


SCENARIO = Scenario(
    "new-routine",
    "from one Monday on the house works at other hours",
    "benign",
    False,
    anytime,
    play,
    Fit(_fits, "it needs a Sunday"),
    lasts=14,
)
