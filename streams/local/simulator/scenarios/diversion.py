"""Noise at one site, while the goods leave from another."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Rob the quiet site: jam, cut cameras, load."""
    started = start + rng.uniform(15, 30) * MINUTE
    over = started + 90 * MINUTE
    stages = [
        acts.jam(site, started, over, rng),
        acts.blind(site, started + rng.uniform(4, 12) * MINUTE, over, over + 8 * 3600, rng, 0.6),
    ]
    trip = acts.carry_off(site, started + 35 * MINUTE, acts.steal(site, 10, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(started, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


def elsewhere(site: Site, other: Site, day: Day, start: float, rng: Random) -> Label | None:
    """Break in with as much noise as possible, and run; an alarm that is not set makes none."""
    over = start + 25 * MINUTE
    if not other.closed(start - 90 * MINUTE, over):
        return None
    other.desert(start)
    zone = rng.choice(other.radios).zone
    other.signal(start, "BA", zone)
    other.signal(start + rng.uniform(20, 90), "BV", zone)
    other.signal(start + rng.uniform(60, 200), "TA", zone)
    blinded = acts.blind(other, start + rng.uniform(2, 5) * MINUTE, over, over + 4 * 3600, rng, 0.4)
    return Label(start, over, [Stage(start, "alarm", "broken into"), blinded], aftermath=over + 14 * 3600)


SCENARIO = Scenario(
    "diversion",
    "a noisy break-in at one site while another is jammed, blinded and robbed",
    "attack",
    True,
    by_night,
    play,
    SHUT,
    elsewhere,
    sites=2,
)
