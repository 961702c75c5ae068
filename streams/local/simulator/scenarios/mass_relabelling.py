"""A customer wants other labels: hundreds of cartons are relabelled in a day or two."""

from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.life.indoors import encode
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Relabel in the shift."""
    cartons = [carton for zone in site.stock.zones.values() for carton in zone]
    when, user = start, rng.choice(site.users)
    for carton in rng.sample(cartons, min(rng.randint(150, 400), len(cartons))):
        encode(site, when, carton, site.stock.new_epc(rng), user, rng)
        when += rng.uniform(8, 40)
    return Label(start, when + 3600, [Stage(start, "rfid", "mass relabelling")])


SCENARIO = Scenario(
    "mass-relabelling",
    "hundreds of cartons relabelled by day",
    "benign",
    False,
    at_work,
    play,
    WORKING,
)
