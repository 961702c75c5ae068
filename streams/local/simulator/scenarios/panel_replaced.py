"""The panel is exchanged: silent for hours, then all detectors are enrolled anew with counters from zero."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.bulletins import announce
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Open it, take everything off the air, bring it back changed."""
    end = start + rng.uniform(1, 4) * 3600
    site.signal(start - 60, "TA")
    for device in [*site.radios, *site.paths, site.panel]:
        back = end + rng.uniform(0, 1800)
        site.spells.add(on.SILENT, start, back, device.name)
        device.volatile = True
        site.reboots.append((back, device))
    for radio in site.radios:
        radio.rssi += rng.gauss(0, 6)
    site.habits.noise_floor += rng.gauss(0, 3)
    site.signal(end + 1900, "TR")
    site.signal(end + 2000, "RP")
    if rng.random() < 0.5:
        announce(site, start - 3600, start - 900, end + 3600, ["alarm"], reason="panel replaced")
    return Label(start - 60, end + 3600, [Stage(start - 60, "alarm", "panel taken down")])


SCENARIO = Scenario(
    "panel-replaced",
    "the alarm panel is exchanged and detectors enrolled anew",
    "benign",
    False,
    at_work,
    play,
    WORKING,
)
