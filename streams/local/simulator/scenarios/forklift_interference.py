"""New forklift terminals disturb the radio in bursts, day after day, mostly at work."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Disturb in bursts for ten days."""
    end = day.start + 10 * 86400
    for number in range(10):
        morning = day.start + number * 86400
        for _ in range(rng.randint(3, 25)):
            when = morning + rng.uniform(6, 20 if rng.random() < 0.9 else 23.5) * 3600
            site.spells.add(on.JAM, when, when + rng.uniform(2, 90), level=rng.uniform(8, 26))
    return Label(start, end, [Stage(start, "alarm", "interference")])


SCENARIO = Scenario(
    "forklift-interference",
    "radio disturbed in bursts for ten days",
    "benign",
    False,
    at_work,
    play,
    WORKING,
    lasts=10,
)
