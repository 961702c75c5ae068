"""A reader invents tags: bits flip, neighbours' pallets answer through the wall, by night too."""

from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.life.outbound import read
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Carton


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Read what is not there for two days."""
    end = start + 2 * 86400
    point = rng.choice(sorted(site.docks))
    stock = [carton for zone in site.stock.zones.values() for carton in zone]
    for _ in range(rng.randint(30, 150)):
        true = rng.choice(stock)
        flipped = f"{true.epc[:-1]}{rng.randrange(10)}" if rng.random() < 0.6 else site.stock.new_epc(rng)
        tid = true.tid if rng.random() < 0.3 else f"E280{rng.getrandbits(80):020X}"
        read(site, rng.uniform(start, end), point, Carton(flipped, tid, 1, true.zone), "loading", rng)
    return Label(start, end + 1800, [Stage(start, "rfid", "ghost reads")])


SCENARIO = Scenario(
    "ghost-tags",
    "a dock's reader invents tags for two days",
    "benign",
    False,
    anytime,
    play,
    lasts=2,
)
