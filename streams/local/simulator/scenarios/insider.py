"""Somebody of the house: no alarm, no dark camera, only an order, labels and a lorry."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Slip in a dear order late in the shift, relabel goods to fit it and let a strange lorry fetch them."""
    order = acts.slip_in(site, start, rng, rng.randint(5, 9), ahead=rng.uniform(10, 30) * MINUTE)
    pallets = acts.steal(site, rng.randint(3, 6), rng)
    announced = start - 20 * MINUTE
    stages = [
        Stage(order.announced, "shipment", "order slipped in"),
        acts.relabel(site, start, pallets, order, rng, 12),
    ]
    plate = acts.unknown(site, rng)
    trip = acts.carry_off(site, start + 45 * MINUTE, [*order.pallets, *pallets], plate, rng, order, 1.0, 140)
    stages.append(Stage(trip.first, "shipment", "a strange lorry is loaded"))
    return Label(min(announced, order.announced), trip.gone, stages, aftermath=trip.gone + 10 * 3600, goods=trip.gone)


def _when(day: Day, rng: Random) -> float:
    assert day.opening
    return day.opening[1] - rng.uniform(1.5, 3) * 3600


SCENARIO = Scenario(
    "insider",
    "an order slipped in, labels rewritten to fit, a strange lorry; nothing broken, nobody masked",
    "attack",
    True,
    _when,
    play,
    WORKING,
    insider=True,
)
