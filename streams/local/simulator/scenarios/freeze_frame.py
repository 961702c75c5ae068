"""The recorder is fed stills; a code opens the door."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Freeze the cameras, disarm with a stolen code, load ten pallets."""
    over = start + 110 * MINUTE
    stages = [
        acts.freeze(site, start, over, rng, rng.uniform(0.6, 1)),
        acts.disarm(site, start + rng.uniform(12, 25) * MINUTE, rng.choice([*site.users, "u-0000", None])),
    ]
    trip = acts.carry_off(site, start + 50 * MINUTE, acts.steal(site, 10, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "freeze-frame",
    "cameras show stills or loops, the site is disarmed with a stolen code, ten pallets leave",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
