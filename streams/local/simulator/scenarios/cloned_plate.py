"""A lorry with a carrier's number fetches goods while the true one is seen far away."""

from random import Random

from streams.local.simulator import acts, bulletins
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site

AHEAD = (5 * MINUTE, 25 * MINUTE)
"""How long before the thieves come the true lorry is seen at the other site, s: from then on the plate is in two
places as soon as it is seen here."""


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Fetch an order of some hours later with its lorry's number; where the sites lie has to be known."""
    bulletins.declare(site, day.start)
    plate = known_plate(site)
    order = acts.slip_in(site, start + 4 * 3600, rng, rng.randint(4, 8), ahead=rng.uniform(5, 7) * 3600)
    trip = acts.carry_off(site, start + 10 * MINUTE, order.pallets, plate, rng, None, 0.3, 130)
    stages = [
        Stage(start, "shipment", "a plate in two places"),
        Stage(trip.first, "shipment", "an order is loaded hours too soon"),
    ]
    return Label(start - AHEAD[1], trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


def known_plate(site: Site) -> str:
    """Answer the registered number that is copied."""
    return site.carriers[sorted(site.carriers)[0]][0]


def elsewhere(site: Site, other: Site, day: Day, start: float, rng: Random) -> None:
    """Let the true lorry be seen at another site."""
    bulletins.declare(other, day.start)
    plate = known_plate(site)
    sharp = {"type": "shipment.gate", "plate": plate, "likelihood": 0.97}
    came = start - rng.uniform(*AHEAD)
    other.note(came, other.gates["in"], sharp | {"direction": "in"})
    other.note(came + rng.uniform(40, 80) * MINUTE, other.gates["out"], sharp | {"direction": "out"})


SCENARIO = Scenario(
    "cloned-plate",
    "a registered plate at two sites, declared too far apart for one lorry; goods fetched hours too soon",
    "attack",
    True,
    at_work,
    play,
    WORKING,
    elsewhere,
    sites=2,
)
