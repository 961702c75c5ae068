"""The reference night: power, alarm, cameras, labels, and thirty pallets in three lorries, all within three hours."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator import spells as on
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage
from streams.local.simulator.site import Site

BATCHES, PALLETS, DEVICES = 3, 30, 50_000


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut, jam, blind, wipe, relabel and drive off, from `start` on."""
    over = start + 178 * MINUTE
    # Every one of these acts was visible in somebody's telemetry: no outage that happens to be there hides the night.
    site.spells.spare(on.WAN, start - 60 * MINUTE, over)
    repaired = over + rng.uniform(5, 9) * 3600
    stages = [
        acts.cut(site, start, over + rng.uniform(1, 5) * 3600, rng),
        acts.jam(site, start + rng.uniform(1, 7) * MINUTE, over + rng.uniform(-5, 10) * MINUTE, rng),
        acts.blind(site, start + rng.uniform(3, 11) * MINUTE, over, repaired, rng, rng.uniform(0.7, 1)),
        acts.pull_disks(site, start + rng.uniform(12, 24) * MINUTE, repaired, rng),
    ]
    order = acts.cover(site, start, rng)
    pallets = acts.steal(site, PALLETS, rng)
    for pallet in pallets:
        for carton in pallet.cartons:
            carton.items = round(DEVICES / PALLETS / 5 * rng.uniform(0.95, 1.05))
    stages.append(acts.relabel(site, start + rng.uniform(20, 28) * MINUTE, pallets, order, rng))
    trips = []
    for number in range(BATCHES):
        loading = start + (48 + 42 * number + rng.uniform(-4, 6)) * MINUTE
        plate = acts.forge(order.plate, rng)
        trips.append(acts.carry_off(site, loading, pallets[number::BATCHES], plate, rng, order))
        stages.append(Stage(trips[-1].first, "shipment", f"lorry {number + 1} is loaded"))
    last = trips[-1].gone
    return Label(start, last, stages, aftermath=last + 14 * 3600, goods=trips[0].gone)


def _when(day: Day, rng: Random) -> float:
    return day.end - 3600 + rng.uniform(0, 120)


def _fits(site: Site, day: Day) -> bool:
    return site.closed(day.end - 5400, day.end + 2.5 * 3600)


SCENARIO = Scenario(
    "reference-night",
    "both feeds cut, radio jammed, cameras and recorder gone, labels rewritten, 30 pallets leave in three lorries",
    "attack",
    True,
    _when,
    play,
    Fit(_fits, "it must be closed from 22:30 to 02:30", empty=True),
)
