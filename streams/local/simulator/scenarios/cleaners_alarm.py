"""The cleaner sets the alarm off after hours, even in two zones, and resets it."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Come late, disarm too late, set it off, disarm and arm again."""
    one, other = rng.sample(site.radios, 2)
    user = rng.choice(site.users)
    site.signal(start, "BA", one.zone)
    if rng.random() < 0.4:
        site.signal(start + rng.uniform(10, 60), "BV", other.zone)
    disarmed = start + rng.uniform(60, 400)
    site.signal(disarmed, "OP", user=user)
    site.signal(disarmed + rng.uniform(5, 60), "BR", one.zone)
    if rng.random() < 0.4:  # With the mop against a camera.
        camera = rng.choice(site.cameras)
        site.spells.add(on.MOVED, start + 1200, start + 2400, camera.name)
    end = start + rng.uniform(40, 100) * 60
    site.signal(end, "CL", user=user)
    return Label(start, end + 900, [Stage(start, "alarm", "a cleaner's false alarm")])


def _when(day: Day, rng: Random) -> float:
    return day.opening[1] + rng.uniform(0.7, 3) * 3600 if day.opening else day.at(rng.uniform(8, 20))


SCENARIO = Scenario(
    "cleaners-alarm",
    "burglary alarm by the cleaner after hours, then disarmed and armed",
    "benign",
    False,
    _when,
    play,
)
