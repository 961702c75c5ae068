"""The panel loses its receiver again and again and registers anew: lines flap, heartbeats come in heaps."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Flap for some hours."""
    end = start + rng.uniform(2, 9) * 3600
    when = start
    while when < end:
        gap = rng.uniform(60, 1500)
        site.signal(when, "YC")
        site.signal(when + gap, "YK")
        for path in site.paths:
            site.spells.add(on.SILENT, when, when + gap, path.name)
        when += gap + rng.uniform(120, 3600)
    for device in [site.panel, *site.paths]:
        device.volatile = True
        site.reboots.append((end, device))
    site.signal(end + 60, "RP")
    return Label(start, end + 1800, [Stage(start, "alarm", "the panel registers anew")])


SCENARIO = Scenario(
    "panel-registration",
    "the panel's paths flap for hours",
    "benign",
    False,
    anytime,
    play,
)
