"""The mains go, a minute later nothing of the site is heard any more, on any path."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator import spells as on
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut the power, then line and cellular path at once; what happens then is never told."""
    over = start + rng.uniform(100, 160) * MINUTE
    silent = start + rng.uniform(2, 6) * MINUTE
    stages = [acts.cut(site, start, over + 3600, rng), Stage(silent, "alarm", "the whole site silent")]
    site.spells.add(on.SEVERED, silent, over)
    trip = acts.carry_off(site, start + 30 * MINUTE, acts.steal(site, 20, rng), acts.unknown(site, rng), rng, pace=90)
    return Label(start, over, stages, aftermath=over + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "total-silence",
    "power cut, then all devices of the site silent on all paths while a lorry is loaded",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
