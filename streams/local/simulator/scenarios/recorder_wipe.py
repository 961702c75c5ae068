"""Only the recorder: its footage is deleted or its disks are gone; somebody should look, nobody is robbed yet."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Delete the footage or take the disks along, by night."""
    repaired = start + rng.uniform(8, 20) * 3600
    stage = acts.wipe(site, start, rng) if rng.random() < 0.5 else acts.pull_disks(site, start, repaired, rng)
    return Label(start, start + 3600, [stage], aftermath=repaired + 6 * 3600)


SCENARIO = Scenario(
    "recorder-wipe",
    "footage deleted or disks taken by night, nothing else",
    "attack",
    False,
    by_night,
    play,
    SHUT,
)
