"""New firmware for all cameras and the recorder, one restart after another, announced or not."""

from random import Random

from streams.local.simulator.bulletins import announce
from streams.local.simulator.calendar import Day
from streams.local.simulator.mishaps import restart
from streams.local.simulator.scenarios.base import Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Restart every camera in turn, then the recorder."""
    end = restart(site, [*rng.sample(site.cameras, len(site.cameras)), site.recorder], start, rng)
    if rng.random() < 0.5:
        announce(site, max(day.start, start - 7200), start - 900, end + 1800, ["camera"], reason="firmware")
    return Label(start, end + 1800, [Stage(start, "camera", "cameras restart")])


def _when(day: Day, rng: Random) -> float:
    return day.at(rng.uniform(0.5, 3.5))


SCENARIO = Scenario("firmware-night", "all cameras restart one after another", "benign", False, _when, play)
