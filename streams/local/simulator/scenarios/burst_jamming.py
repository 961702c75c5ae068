"""A jammer that pauses before the panel's threshold."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Jam in bursts of less than twenty seconds and carry off eight pallets meanwhile."""
    over = start + rng.uniform(70, 100) * MINUTE
    stages = [acts.jam_in_bursts(site, start, over, rng)]
    stages.append(acts.turn(site, start + rng.uniform(10, 20) * MINUTE, over, rng, 0.4))
    trip = acts.carry_off(site, start + 40 * MINUTE, acts.steal(site, 8, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(start, max(over, trip.gone), stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "burst-jamming",
    "radio jammed in bursts under 20 s, cameras turned, eight pallets leave",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
