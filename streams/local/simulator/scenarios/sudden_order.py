"""An order that nobody knew an hour ago, approved by one, fetched at once by a stranger."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Insert an order, stage it in haste and let it be fetched."""
    order = acts.slip_in(site, start, rng, rng.randint(8, 12), ahead=rng.uniform(4, 12) * MINUTE)
    trip = acts.carry_off(site, start, order.pallets, acts.unknown(site, rng), rng, order, booked=0.7)
    stages = [
        Stage(order.announced, "shipment", "order slipped in"),
        Stage(trip.first, "shipment", "a strange lorry is loaded"),
    ]
    return Label(order.announced, trip.gone, stages, aftermath=trip.gone + 10 * 3600, goods=trip.gone)


def _when(day: Day, rng: Random) -> float:
    return day.opening[1] + rng.uniform(0.2, 2) * 3600 if day.opening else day.at(20)


SCENARIO = Scenario(
    "sudden-order",
    "an order inserted minutes before by one person, fetched after hours by an unknown lorry",
    "attack",
    True,
    _when,
    play,
    WORKING,
    insider=True,
)
