"""One circuit is switched off; what hangs on it is dark, and the door is forced."""

from random import Random

from streams.local.simulator import acts
from streams.local.simulator import spells as on
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Switch off the branch of some cameras, force a door, load six pallets."""
    over = start + 80 * MINUTE
    stages = [acts.shed(site, start, over, rng.uniform(0.2, 0.5))]
    for camera in rng.sample(site.cameras, max(1, len(site.cameras) // 2)):
        site.spells.add(on.SILENT, start, over + 6 * 3600, camera.name)
    forced = start + rng.uniform(4, 12) * MINUTE
    zone = rng.choice(site.radios).zone
    site.signal(forced, "BA", zone)
    if rng.random() < 0.6:
        site.signal(forced + rng.uniform(20, 240), "BV", zone)
    stages += [Stage(start, "camera", "a branch of cameras dark"), Stage(forced, "alarm", "a door forced")]
    trip = acts.carry_off(site, forced + 12 * MINUTE, acts.steal(site, 6, rng), acts.unknown(site, rng), rng)
    stages.append(Stage(trip.first, "shipment", "a lorry is loaded"))
    return Label(start, trip.gone, stages, aftermath=trip.gone + 14 * 3600, goods=trip.gone)


SCENARIO = Scenario(
    "dark-circuit",
    "a circuit switched off, its cameras dark, a door forced, six pallets leave",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
