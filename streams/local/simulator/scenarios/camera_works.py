"""Cameras are cleaned, moved and refocused, announced or not; some look elsewhere for good."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.bulletins import announce
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Take down one camera after another."""
    when = start
    for camera in rng.sample(site.cameras, max(2, len(site.cameras) // 2)):
        lasting = rng.uniform(5, 25) * 60
        site.spells.add(rng.choice((on.LOST, on.COVERED, on.BLURRED)), when, when + lasting, camera.name)
        site.spells.add(on.MOVED, when + lasting, when + lasting + rng.uniform(0.5, 12) * 3600, camera.name)
        camera.lit = min(0.9, camera.lit * rng.uniform(0.8, 1.2))
        camera.sharpness = min(0.95, camera.sharpness * rng.uniform(0.9, 1.2))
        when += lasting + rng.uniform(1, 15) * 60
    if rng.random() < 0.5:
        announce(site, start - 7200, start - 900, when + 1800, ["camera"], reason="cameras serviced")
    return Label(start, when + 12 * 3600, [Stage(start, "camera", "cameras serviced")])


SCENARIO = Scenario(
    "camera-works",
    "cameras cleaned and moved by maintenance",
    "benign",
    False,
    at_work,
    play,
    WORKING,
)
