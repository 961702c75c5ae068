"""The yearly inventory: people in the house at an odd time, everything counted, much relabelled."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.life.indoors import count, encode
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Open late, count all zones twice and go home after some hours."""
    end = start + rng.uniform(4, 8) * 3600
    site.spells.add(on.OVERTIME, start, end)
    user = rng.choice(site.users)
    site.signal(start, "OP", user=user)
    site.signal(end, "CL", user=user)
    count(site, start + 900, rng, share=0.4)
    count(site, start + 9000, rng, share=0.3)
    cartons = [carton for zone in site.stock.zones.values() for carton in zone]
    when = start + 3600
    for carton in rng.sample(cartons, min(60, len(cartons))):
        encode(site, when, carton, site.stock.new_epc(rng), user, rng)
        when += rng.uniform(20, 120)
    return Label(start, end + 1800, [Stage(start, "rfid", "inventory begins")])


def _when(day: Day, rng: Random) -> float:
    return day.at(rng.uniform(8, 19))


def _fits(site: Site, day: Day) -> bool:
    return day.opening is None


SCENARIO = Scenario(
    "inventory", "a weekend inventory", "benign", False, _when, play, Fit(_fits, "it needs a closed day")
)
