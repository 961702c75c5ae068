"""A thief with patience: a little in the first night, the rest a night later."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage, by_night, shut
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Prepare in one night: a test of the jammer, a camera turned, some labels; come back in the next."""
    pallets = acts.steal(site, 8, rng)
    tonight = start + 86400 + rng.uniform(-1, 1.5) * 3600
    order = acts.cover(site, start, rng, known=0.0)
    stages = [
        acts.jam(site, start, start + rng.uniform(2, 4) * MINUTE, rng),
        acts.turn(site, start + 12 * MINUTE, tonight + 12 * 3600, rng, 0.3),
        acts.relabel(site, start + 30 * MINUTE, pallets[:4], order, rng, 60),
        acts.disarm(site, tonight, rng.choice(site.users)),
        acts.wipe(site, tonight + rng.uniform(5, 15) * MINUTE, rng),
        acts.relabel(site, tonight + 20 * MINUTE, pallets[4:], order, rng, 20),
    ]
    first = acts.carry_off(site, tonight + 60 * MINUTE, pallets[:4], acts.unknown(site, rng), rng)
    last = acts.carry_off(site, first.gone + 20 * MINUTE, pallets[4:], acts.unknown(site, rng), rng)
    stages.append(Stage(first.first, "shipment", "lorry 1 is loaded"))
    stages.append(Stage(last.first, "shipment", "lorry 2 is loaded"))
    return Label(start, last.gone, stages, aftermath=last.gone + 14 * 3600, goods=first.gone)


def _fits(site: Site, day: Day) -> bool:
    return shut(site, day) and site.closed(day.end + 86400 - 5400, day.end + 86400 + 5 * 3600)


SCENARIO = Scenario(
    "slow-nights",
    "jammer tried, a camera turned, some labels; the next night footage deleted, two lorries",
    "attack",
    True,
    by_night,
    play,
    Fit(_fits, "it must be closed in two nights"),
    lasts=2,
)
