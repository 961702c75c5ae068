"""Goods leave in the bustle of a working day, beside a planned order."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cover the cameras of a dock, rewrite labels and fill a second lorry under the first one's order."""
    pallets = acts.steal(site, rng.randint(8, 14), rng)
    order = acts.cover(site, start, rng, known=0.0)
    over = start + 2.5 * 3600
    stages = [
        acts.turn(site, start, over, rng, 0.5),
        acts.relabel(site, start + rng.uniform(5, 15) * MINUTE, pallets, order, rng, 15),
    ]
    trip = acts.carry_off(site, start + 60 * MINUTE, pallets, acts.forge(order.plate, rng), rng, order, pace=150)
    stages.append(Stage(trip.first, "shipment", "more pallets than planned"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 10 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "daytime-theft",
    "cameras turned and labels rewritten by day, a lorry takes far more pallets than planned",
    "attack",
    True,
    at_work,
    play,
    WORKING,
)
