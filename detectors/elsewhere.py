"""What a site may know of the others: plates seen there, their grid gone, what they are alarmed about.

Nothing of it is telemetry; it is the few facts that sites tell each other. What was told a moment ago is not known yet:
facts take effect everywhere at the same moment of the arrival clock, wherever a site is computed.
"""

from collections.abc import Iterable, Sequence
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple, Protocol

DELAY_S = 10.0
"""A fact takes effect this long after it was noticed, at every site alike, s.

By then all partitions have heard of it, whichever worker computes them, and so what it leads to depends on nothing but
the telemetry.
"""
EARTH_KM = 6371.0
FASTEST_KMH = 110.0
"""Faster than any lorry comes along as the crow flies."""
SKEW_S = 600.0
"""How wrong the clocks of two gates may be together, s."""
UNKNOWN_S = 90.0
"""Between sites of unknown distance only this little time is too little; next-door yards are learnt."""

Place = tuple[float, float]
"""Latitude and longitude, degrees."""


class Sighting(NamedTuple):
    """A plate at another site's gate: where, when (event time, Unix seconds), and where that site is, if declared."""

    site: str
    time: float
    place: Place | None


class Outage(NamedTuple):
    """Another site's public grid failed between `since` and `at` (event time, Unix seconds): meters read now and then.

    `clock` is when it was noticed (arrival clock, Unix seconds).
    """

    site: str
    since: float
    at: float
    clock: float
    place: Place | None


class Elsewhere(Protocol):
    """The other sites' facts, as far as they are known now."""

    site: str

    def sightings(self, plate: str) -> Sequence[Sighting]: ...
    def outages(self) -> Sequence[Outage]: ...


class Nowhere:
    """No other site is known."""

    site = ""

    def sightings(self, plate: str) -> Sequence[Sighting]:
        """Return nothing."""
        return ()

    def outages(self) -> Sequence[Outage]:
        """Return nothing."""
        return ()


class Clash(NamedTuple):
    """The sighting elsewhere that can't be: how much too soon it is by a lorry's pace, 0–1; km if known."""

    other: Sighting
    excess: float
    distance: float | None


def clash(at: float, sightings: Iterable[Sighting], place: Place | None) -> Clash | None:
    """Find the sighting of a plate elsewhere that can least be, if it was here, at `place`, at Unix seconds `at`."""
    found = [one for other in sightings if (one := _clash(at, other, place)) is not None]
    return max(found, key=lambda one: (one.excess, one.other), default=None)


def _clash(at: float, other: Sighting, place: Place | None) -> Clash | None:
    apart = abs(at - other.time)
    if place is None or other.place is None:
        return Clash(other, 1.0 - apart / UNKNOWN_S, None) if apart < UNKNOWN_S else None
    distance = km(place, other.place)
    needed = distance / FASTEST_KMH * 3600.0 - SKEW_S
    return Clash(other, 1.0 - apart / needed, distance) if apart < needed else None


def km(a: Place, b: Place) -> float:
    """Great-circle distance of two places, km."""
    (north, east), (other_north, other_east) = map(_radians, (a, b))
    across = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return 2 * EARTH_KM * asin(min(sqrt(across), 1.0))


def _radians(place: Place) -> Place:
    return radians(place[0]), radians(place[1])
