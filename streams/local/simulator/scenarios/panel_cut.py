"""The panel's paths are cut, cameras turned, goods loaded."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut line and cellular path of the panel and what it supervises; turn cameras; load."""
    over = start + 90 * MINUTE
    lines = [site.panel, *site.paths, *(site.radios if rng.random() < 0.5 else ())]
    stages = [
        acts.hush(site, lines, start, over + 3600, Stage(start, "alarm", "the panel's paths cut"), rng),
        acts.turn(site, start + rng.uniform(6, 15) * MINUTE, over, rng, 0.7),
    ]
    trip = acts.carry_off(site, start + 35 * MINUTE, acts.steal(site, 5, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "panel-cut",
    "all paths of the panel cut, cameras turned, five pallets leave",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
