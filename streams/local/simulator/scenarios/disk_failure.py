"""A disk of the recorder dies by night, a second one while the first is rebuilt."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Miss one disk, then perhaps two, until somebody comes."""
    end = start + rng.uniform(8, 60) * 3600
    second = start + rng.uniform(0.5, 6) * 3600
    if rng.random() < 0.4:
        site.spells.add(on.DISKS, start, second, level=1)
        site.spells.add(on.DISKS, second, end, level=2)
    else:
        site.spells.add(on.DISKS, start, end, level=1)
    return Label(start, end + 3600, [Stage(start, "camera", "a disk failed")])


SCENARIO = Scenario(
    "disk-failure",
    "disks of the recorder really fail",
    "benign",
    False,
    anytime,
    play,
    lasts=3,
)
