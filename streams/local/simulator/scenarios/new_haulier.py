"""A new carrier takes over a part of the orders; nobody has seen its lorries before."""

from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.places import CARRIERS, new_plate
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Give the carrier some lorries; orders name them from now on."""
    fleet = [new_plate(rng, site.place.plate) for _ in range(rng.randint(4, 8))]
    for name in CARRIERS:
        if name not in site.carriers:
            site.carriers[name] = fleet
            break
    if rng.random() < 0.6:
        old = sorted(site.carriers)[0]
        site.carriers[old] = fleet
    return Label(start, start + 7 * 86400, [Stage(start, "shipment", "unknown lorries")])


SCENARIO = Scenario(
    "new-haulier",
    "a new carrier with lorries never seen",
    "benign",
    False,
    at_work,
    play,
    WORKING,
    lasts=8,
)
