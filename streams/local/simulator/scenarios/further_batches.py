"""A planned order leaves as planned; then come a second and a third lorry for it."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Load the order, then twice as much again under its number."""
    order = acts.slip_in(site, start, rng, rng.randint(3, 5), ahead=rng.uniform(4, 9) * 3600)
    true = acts.carry_off(site, start, order.pallets, order.plate, rng, order, booked=1.0)
    second = acts.carry_off(site, true.gone + 600, acts.steal(site, 7, rng), acts.forge(order.plate, rng), rng, order)
    third = acts.carry_off(site, second.gone + 600, acts.steal(site, 7, rng), acts.unknown(site, rng), rng, order)
    stages = [
        Stage(second.first, "shipment", "second lorry for one order"),
        Stage(third.first, "shipment", "third lorry for one order"),
    ]
    return Label(second.first, third.gone, stages, aftermath=third.gone + 10 * 3600, goods=second.gone)


SCENARIO = Scenario(
    "further-batches",
    "second and third lorry for an order that has left already",
    "attack",
    True,
    at_work,
    play,
    WORKING,
    insider=True,
)
