"""Tags are rewritten in bulk in the evening and leave as something cheap."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Rewrite the labels of dear goods after the shift, and let them leave within a planned order."""
    order = acts.cover(site, start, rng)
    pallets = acts.steal(site, rng.randint(10, 16), rng, cartons=8)
    stages = [acts.relabel(site, start, pallets, order, rng, 9)]
    leaving = start + rng.uniform(60, 100) * MINUTE
    trip = acts.carry_off(site, leaving, pallets, order.plate, rng, order, booked=0.8)
    stages.append(Stage(trip.first, "shipment", "relabelled pallets are loaded"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "bulk-relabelling",
    "tags rewritten in bulk after hours, gone within a planned order two hours later",
    "attack",
    True,
    by_night,
    play,
    SHUT,
    insider=True,
)
