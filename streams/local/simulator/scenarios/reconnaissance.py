"""Somebody tries things out for three nights; nothing is taken."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Fit, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Drive in and out at night, try a door, the jammer and a camera."""
    plate = acts.unknown(site, rng)
    stages = []
    for night in range(3):
        when = start + night * 86400 + rng.uniform(-1, 1) * 3600
        sharp = {"type": "shipment.gate", "plate": plate, "likelihood": 0.95}
        site.note(when, site.gates["in"], sharp | {"direction": "in"})
        site.note(when + rng.uniform(3, 9) * MINUTE, site.gates["out"], sharp | {"direction": "out"})
        stages.append(Stage(when, "shipment", "a strange car by night"))
    tried = start + 86400 + 300
    zone = rng.choice(site.radios).zone
    site.signal(tried, "BA", zone)
    site.signal(tried + rng.uniform(60, 300), "BR", zone)
    stages.append(Stage(tried, "alarm", "a door tried"))
    stages.append(acts.jam(site, start + 2 * 86400, start + 2 * 86400 + rng.uniform(60, 150), rng))
    stages.append(acts.turn(site, start + 2 * 86400 + 400, start + 2 * 86400 + 9 * 3600, rng, 0.3))
    last = start + 2 * 86400 + 3600
    return Label(min(stage.time for stage in stages), last, stages, aftermath=last + 14 * 3600)


def _fits(site: Site, day: Day) -> bool:
    return all(site.closed(day.end + n * 86400 - 7200, day.end + n * 86400 + 5 * 3600) for n in range(3))


SCENARIO = Scenario(
    "reconnaissance",
    "a strange car, a door, the jammer and a camera are tried in three nights; nothing is taken",
    "attack",
    False,
    by_night,
    play,
    Fit(_fits, "it must be closed in three nights"),
    lasts=3,
)
