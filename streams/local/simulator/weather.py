"""A region's weather of a day, the same for all of its sites."""

from dataclasses import dataclass
from datetime import date
from math import cos, pi
from random import Random


@dataclass(frozen=True, slots=True)
class Sky:
    """A day's weather: cloud 0–1, temperature °C, rain as spans of (first hour, last hour, strength 0–1)."""

    cloud: float
    temperature: float
    rain: tuple[tuple[float, float, float], ...]
    thunder: bool
    gale: bool


def sky(seed: int, region: str, latitude: float, day: date) -> Sky:
    """Draw the weather of a region's day."""
    rng = Random(f"{seed}/sky/{region}/{day}")
    season = cos(2 * pi * (day.timetuple().tm_yday - (200 if latitude >= 0 else 17)) / 365.25)
    cloud = min(1.0, max(0.0, rng.betavariate(1.2, 1.0) - 0.15 * season))
    rain = []
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3)) if cloud > 0.45 else 0):
        begin = rng.uniform(0, 23)
        rain.append((begin, begin + rng.uniform(0.3, 6), rng.betavariate(1.3, 3)))
    thunder = season > 0 and cloud > 0.6 and rng.random() < 0.15
    gale = rng.random() < 0.03 - 0.015 * season
    warmth = 24 - abs(latitude) / 4 + 9 * season * abs(latitude) / 45 + rng.gauss(0, 3)
    return Sky(cloud, warmth, tuple(rain), thunder, gale)
