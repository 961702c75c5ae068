"""A lorry on the watch list comes by night and is loaded."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day, stamp
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Report a plate stolen at noon; let it come at night."""
    plate = acts.unknown(site, rng)
    body = {"type": "watch", "what": "plate", "value": plate, "reason": "stolen", "until": stamp(start + 30 * 86400)}
    site.bulletins.append((day.at(12), "control.watchlist", plate, body))
    opened = acts.disarm(site, start + 60, rng.choice(site.users))
    trip = acts.carry_off(site, start + 10 * MINUTE, acts.steal(site, 6, rng), plate, rng)
    stages = [opened, Stage(trip.first, "shipment", "a stolen lorry is loaded")]
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "watched-lorry",
    "disarmed by night, a lorry of the watch list takes six pallets",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
