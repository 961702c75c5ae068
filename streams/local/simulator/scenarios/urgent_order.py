"""A customer needs it tonight: somebody opens, two people approve, a known lorry fetches it."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.life.outbound import announce, carry_out, new_order
from streams.local.simulator.scenarios.base import SHUT, Label, Scenario, Stage, by_night
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Open, pick, load, arm again."""
    user = rng.choice(site.users)
    site.spells.add(on.OVERTIME, start, start + 2.5 * 3600)
    site.signal(start, "OP", user=user)
    order = new_order(site, (start, start + 3 * 3600), rng, pallets=rng.randint(1, 3))
    end = start + 2.4 * 3600
    site.signal(end, "CL", user=user)
    if order:
        order.start, order.end = start + 1800, start + 5400
        announce(site, order, start - rng.uniform(0.3, 2) * 3600, rng, approved=2)
        carry_out(site, order, start + 300, rng)
    return Label(start - 7200, end + 1800, [Stage(start, "alarm", "opened for an urgent order")])


SCENARIO = Scenario(
    "urgent-order",
    "opened by night for an urgent order of two pallets",
    "benign",
    False,
    by_night,
    play,
    SHUT,
)
