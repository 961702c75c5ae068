"""The power is cut hours before, until the battery is empty; only then they come."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut the power, wait for the UPS to die, jam what is left and load."""
    empty = start + (site.habits.battery if site.ups else 60.0)
    over = empty + 100 * MINUTE
    stages = [acts.cut(site, start, over + 2 * 3600, rng), Stage(empty, "power", "the battery is empty")]
    stages.append(acts.jam(site, empty + 5 * MINUTE, over, rng))
    trip = acts.carry_off(site, empty + 25 * MINUTE, acts.steal(site, 9, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


def _when(day: Day, rng: Random) -> float:
    return day.end - rng.uniform(0.5, 2) * 3600


def _fits(site: Site, day: Day) -> bool:
    return site.closed(day.end - 2 * 3600, day.end + 7 * 3600)


SCENARIO = Scenario(
    "drained-ups",
    "power cut until the UPS is empty, then radio jammed and nine pallets leave",
    "attack",
    True,
    _when,
    play,
    Fit(_fits, "it must be closed from 22:00 to 07:00"),
)
