"""A shutter is rammed; ten minutes later they are gone."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Burglary, verified burglary, some pallets within ten minutes."""
    first, second = rng.sample(site.radios, 2)
    site.signal(start, "BA", first.zone)
    site.signal(start + rng.uniform(15, 80), "BV", second.zone)
    site.signal(start + rng.uniform(30, 120), "TA", second.zone)
    stages = [Stage(start, "alarm", "broken into")]
    if rng.random() < 0.7:
        blinded = acts.turn(site, start + rng.uniform(10, 60), start + 8 * 3600, rng, 0.3)
        stages.append(blinded)
    loading = start + rng.uniform(2, 3) * MINUTE
    trip = acts.carry_off(site, loading, acts.steal(site, 4, rng), acts.unknown(site, rng), rng, None, 0.0, 60)
    stages.append(Stage(trip.first, "shipment", "pallets go over the dock"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "smash-and-grab",
    "verified burglary, four pallets gone within ten minutes",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
