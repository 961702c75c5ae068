"""Detectors are shielded while a recording of their heartbeats is played."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator import spells as on
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Record, shield, replay; then open the door and load."""
    over = start + rng.uniform(80, 110) * MINUTE
    fresh = float(rng.random() < 0.5)
    radios = rng.sample(site.radios, max(2, round(len(site.radios) * 0.7)))
    for radio in radios:
        site.spells.add(on.RECORDED, start - max(1200.0, 2.5 * radio.interval), start, radio.name)
        site.spells.add(on.SILENT, start, over, radio.name)
        site.spells.add(on.REPLAYED, start + rng.uniform(5, 60), over, radio.name, level=fresh)
    stages = [
        Stage(start, "alarm", "heartbeats replayed"),
        acts.blind(site, start + rng.uniform(10, 25) * MINUTE, over, over + 8 * 3600, rng, 0.5),
    ]
    trip = acts.carry_off(site, start + 45 * MINUTE, acts.steal(site, 7, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "replayed-heartbeats",
    "detectors shielded, their recorded heartbeats played, cameras cut, seven pallets leave",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
