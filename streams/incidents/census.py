"""Who is there: devices and sites, counted."""

from collections import Counter
from typing import NamedTuple

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
    coverage
        Share of live devices by site and domain: what could be seen right now, 0-1.
    heard
        How many devices of each site spoke lately, with a rhythm or without.
    """

    devices: Counter[str]
    silent: Counter[str]
    silent_sites: int
    coverage: dict[tuple[str, str], float]
    heard: dict[str, int]
