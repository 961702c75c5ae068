"""Time as people keep it: time stamps, local days, shifts, the sun, public holidays."""

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Shift = tuple[float, float]
QUARTER = 900.0
HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}


@lru_cache(maxsize=8192)
def _minute(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:")


def stamp(when: float) -> str:
    """Write Unix seconds as RFC 3339 in UTC, to the millisecond."""
    seconds, milliseconds = divmod(round(when * 1000), 1000)
    minute, second = divmod(seconds, 60)
    return f"{_minute(minute)}{second:02d}.{milliseconds:03d}Z"


def local(zone: ZoneInfo, day: date, minutes: float = 0.0) -> float:
    """Answer the Unix seconds of a wall-clock time, given as minutes after that date's midnight (≥ 1440: next day)."""
    extra, rest = divmod(minutes, 1440)
    there = datetime.combine(day + timedelta(days=int(extra)), datetime.min.time(), zone)
    hours, left = divmod(rest, 60)
    return there.replace(hour=int(hours), minute=int(left)).timestamp() + (left % 1) * 60


def elevation(when: float, latitude: float, longitude: float) -> float:
    """Answer the sun's height above the horizon in degrees (within about a degree)."""
    moment = datetime.fromtimestamp(when, UTC)
    turn = 2 * math.pi * (moment.timetuple().tm_yday - 81) / 365.25
    declination = math.radians(23.44) * math.sin(turn)
    hours = moment.hour + moment.minute / 60 + longitude / 15 - 12
    up = math.radians(latitude)
    height = math.sin(up) * math.sin(declination) + math.cos(up) * math.cos(declination) * math.cos(
        hours * math.pi / 12
    )
    return math.degrees(math.asin(height))


@dataclass(slots=True)
class Day:
    """One local day of a site: 23, 24 or 25 hours from midnight to midnight, in Unix seconds."""

    number: int
    date: date
    start: float
    end: float
    shifts: list[Shift] = field(default_factory=list)
    """Staffed spans that touch this day; the last one of yesterday may reach into it."""
    opening: Shift | None = None
    """Today's own shift, which may end after midnight."""
    activity: list[float] = field(default_factory=list)
    """0–1 for each quarter of an hour: how busy the house is."""
    daylight: list[float] = field(default_factory=list)
    """0–1 for each quarter of an hour: how light it is outside, clouds included."""

    def quarter(self, when: float) -> int:
        """Answer the index of a moment in `activity` and `daylight`."""
        return min(len(self.activity) - 1, max(0, int((when - self.start) // QUARTER)))

    def staffed(self, when: float) -> bool:
        """Say whether somebody should be in the house."""
        return any(begin <= when < end for begin, end in self.shifts)

    def at(self, hour: float) -> float:
        """Answer the moment so many hours after this day's start."""
        return self.start + hour * 3600
