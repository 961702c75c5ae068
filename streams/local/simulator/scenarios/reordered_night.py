"""The reference night's acts in another order: labels first, power last."""

from collections.abc import Callable
from random import Random

from streams.local.simulator import acts
from streams.local.simulator.acts import MINUTE
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Rewrite labels, wipe the recorder, jam, load, and cut the power only then."""
    order = acts.cover(site, start, rng)
    pallets = acts.steal(site, 12, rng)
    stages = [acts.relabel(site, start, pallets, order, rng)]
    over = start + 170 * MINUTE
    repaired = over + 8 * 3600
    steps: list[Callable[[float], Stage]] = [
        lambda when: acts.pull_disks(site, when, repaired, rng),
        lambda when: acts.jam(site, when, over, rng),
        lambda when: acts.blind(site, when, over, repaired, rng, 0.6),
    ]
    rng.shuffle(steps)
    when = start + 15 * MINUTE
    for step in steps:
        stages.append(step(when))
        when += rng.uniform(6, 20) * MINUTE
    first = acts.carry_off(site, when + 15 * MINUTE, pallets[:6], acts.forge(order.plate, rng), rng, order)
    stages.append(Stage(first.first, "shipment", "lorry 1 is loaded"))
    stages.append(acts.cut(site, first.gone + 5 * MINUTE, repaired, rng))
    last = acts.carry_off(site, first.gone + 12 * MINUTE, pallets[6:], acts.unknown(site, rng), rng, order)
    stages.append(Stage(last.first, "shipment", "lorry 2 is loaded"))
    return Label(start, last.gone, stages, aftermath=last.gone + 14 * 3600, goods=first.gone)


SCENARIO = Scenario(
    "reordered-night",
    "labels first, then recorder, radio and cameras in any order, power last; two lorries",
    "attack",
    True,
    by_night,
    play,
    SHUT,
)
