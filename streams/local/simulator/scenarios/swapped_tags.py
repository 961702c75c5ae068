"""Goods are exchanged for dummies with copied tags; the books agree, the chips do not."""

from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.devices import Body
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage, at_work
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Carton


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Let copies of some tags answer in the zones, at first beside the true ones; their crypto answer fails."""
    cartons = [carton for zone in site.stock.zones.values() for carton in zone]
    when = start
    for carton in rng.sample(cartons, min(30, len(cartons))):
        false = Carton(carton.epc, f"E280{rng.getrandbits(80):020X}", carton.items, carton.zone)
        body: Body = {"type": "rfid.read", "epc": false.epc, "tid": false.tid, "biz_step": "storing"}
        body |= {"read_point": false.zone, "authenticated": False}
        site.note(when, site.readers[false.zone], body)
        when += rng.uniform(20, 90)
    return Label(start, when + 3600, [Stage(start, "rfid", "copied tags")], aftermath=when + 12 * 3600)


SCENARIO = Scenario(
    "swapped-tags",
    "thirty copied tags answer in the zones with a false crypto answer",
    "attack",
    False,
    at_work,
    play,
    WORKING,
    insider=True,
)
