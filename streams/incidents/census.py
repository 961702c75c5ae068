"""Who is there: devices and sites, counted."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from streams.incidents.watch import Watch

HEARD_S = 600.0
"""A device that spoke within so long is there, s."""


class Census(NamedTuple):
    """Who is there.

    Attributes
    ----------
    devices, silent
        Devices by domain, and those of them that should have spoken and did not.
    silent_sites
        How many sites nothing is heard of any more.
    warming
        How many sites are so new that learnt and silent detectors do not weigh in full yet.
    coverage
        Live and known devices by site and domain.
    heard
        How many devices of each site spoke lately, with a rhythm or without.
    goods
        Pallets of the orders under way, by site and step: `booked`, `loaded`, `departed`.
    places
        Latitude and longitude by site, where declared.
    """

    devices: Counter[str]
    silent: Counter[str]
    silent_sites: int
    warming: int
    coverage: dict[tuple[str, str], tuple[int, int]]
    heard: dict[str, int]
    goods: dict[tuple[str, str], int]
    places: dict[str, tuple[float, float]]


def count(watches: Mapping[str, Watch], clock: float) -> Census:
    """Count at arrival clock `clock` (Unix seconds)."""
    found = Census(Counter(), Counter(), 0, 0, {}, {}, {}, {})
    silent_sites = warming = 0
    for site, watch in watches.items():
        silent_sites += watch.scene.presence.severed(clock, learn=False)
        warming += watch.case.warming(clock)
        for domain, (live, known) in watch.coverage().items():
            found.devices[domain] += known
            found.silent[domain] += known - live
            found.coverage[site, domain] = live, known
        found.heard[site] = sum(clock - one.seen < HEARD_S for one in watch.trackers.values())
        for step, pallets in watch.scene.goods.under_way().items():
            found.goods[site, step] = pallets
        if watch.scene.place is not None:
            found.places[site] = watch.scene.place
    return found._replace(silent_sites=silent_sites, warming=warming)
