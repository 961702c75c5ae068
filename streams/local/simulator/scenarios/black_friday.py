"""Four times as many orders for a week, longer shifts, night loading, hired lorries."""

from datetime import date
from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.places import new_plate
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Rush from today on for a week."""
    end = day.start + 7 * 86400
    site.spells.add(on.RUSH, day.start, end, level=4.0)
    for carrier in sorted(site.carriers):
        site.carriers[carrier] += [new_plate(rng, site.place.plate) for _ in range(4)]
    for number in range(7):
        late = day.start + number * 86400
        if rng.random() < 0.8:
            site.spells.add(on.OVERTIME, late + 4.5 * 3600, late + 24 * 3600)
            site.signal(late + 4.4 * 3600, "OP", user=rng.choice(site.users))
    return Label(day.start, end, [Stage(day.start + 3600, "shipment", "rush")])


SCENARIO = Scenario(
    "black-friday",
    "four times as many orders for a week, overtime, hired lorries",
    "benign",
    False,
    anytime,
    play,
    only=date(2026, 11, 24),
    lasts=8,
)
