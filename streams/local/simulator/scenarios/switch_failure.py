"""A network switch dies: half of the cameras, the recorder and some readers are gone for hours."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Lose everything behind the switch, at any hour."""
    end = start + rng.uniform(0.5, 14) * 3600
    for camera in rng.sample(site.cameras, max(2, len(site.cameras) * 2 // 3)):
        what = on.LOST if rng.random() < 0.7 else on.SILENT
        site.spells.add(what, start + rng.uniform(0, 5), end + rng.uniform(0, 90), camera.name)
    behind = [site.recorder, *site.paths[:1]]
    for device in behind:
        if rng.random() < 0.5:
            site.spells.add(on.SILENT, start, end + rng.uniform(0, 90), device.name)
            site.reboots.append((end, device))
    return Label(start, end + 1800, [Stage(start, "camera", "a switch is dead")])


SCENARIO = Scenario(
    "switch-failure",
    "a network switch with cameras, recorder and panel line dies",
    "benign",
    False,
    anytime,
    play,
)
