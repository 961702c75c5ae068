"""The warehouse system is down for half a day; all orders are booked when they are long on the road."""

from random import Random

from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import WORKING, Label, Scenario, Stage
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Hold back what the system would have told until it is up again."""
    end = start + rng.uniform(3, 7) * 3600
    held = []
    for when, device, body in site.pending:
        if device is site.wms and start <= when < end:
            when = end + rng.uniform(0, 900)
        held.append((when, device, body))
    site.pending[:] = held
    return Label(start, end + 1800, [Stage(start, "shipment", "orders booked late")])


def _when(day: Day, rng: Random) -> float:
    return (day.opening[0] if day.opening else day.at(6)) - rng.uniform(0, 8) * 3600


SCENARIO = Scenario(
    "late-bookings",
    "orders are booked hours after they were loaded",
    "benign",
    False,
    _when,
    play,
    WORKING,
)
