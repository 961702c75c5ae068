"""A holiday that only this region has: nobody comes, nothing moves, the panel stays armed."""

from datetime import timedelta
from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Close tomorrow, and perhaps the day after; somebody looks in."""
    for ahead in range(1, rng.randint(2, 3)):
        site.closures.add(day.date + timedelta(days=ahead))
    if rng.random() < 0.6:
        user, came = rng.choice(site.users), day.end + rng.uniform(9, 16) * 3600
        site.signal(came, "OP", user=user)
        site.signal(came + rng.uniform(600, 7200), "CL", user=user)
    return Label(day.end, day.end + 2 * 86400, [Stage(day.end, "alarm", "a holiday")])


def _fits(site: Site, day: Day) -> bool:
    return site.shift(day.date + timedelta(days=1)) is not None


SCENARIO = Scenario(
    "public-holiday",
    "closed on days that are usually worked",
    "benign",
    False,
    anytime,
    play,
    Fit(_fits, "the next day must be worked"),
    lasts=2,
)
