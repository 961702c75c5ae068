"""When people are at a site: declared opening hours, or learnt from its own activity."""

from collections.abc import Callable, Sequence
from datetime import datetime

from detectors.state import Part

DAY = 24
WEEK = 168
FADE = 0.2
"""How much the newest of an hour's days or weeks counts; a new routine shows after one of them."""


NEW_ROUTINE = 0.35
"""Share of the latest days in which an hour was worked that makes it a new routine: two days in succession."""


class Hours(Part):
    """Opening hours by hour of the local week (0 is Monday 00:00).

    Declared hours are taken with a margin, for people come early and stay late. Without declared hours everything is
    open for the first day; then an hour is open if people were busy in it on the days before, and from the second week
    on if they were in that hour of the weeks before.

    Parameters
    ----------
    margin_min
        Minutes around declared hours that still count as open.
    busy
        Things that people must do in an hour for it to count as worked in.
    """

    def __init__(self, margin_min: int = 60, busy: int = 3) -> None:
        self.margin_min = margin_min
        self.busy = busy
        self.declared: list[list[int]] | None = None
        self.day = [0.0] * DAY
        self.week = [0.0] * WEEK
        self.passed = 0
        self.hour = -1
        self.done = 0
        self.doubted = 0
        self.nights: list[int] = []

    def declare(self, spans: Sequence[tuple[Sequence[int], str, str]] | None) -> None:
        """Take (ISO weekdays, from, to) spans in local wall clock, or None to go back to what was learnt."""
        if spans is None:
            self.declared = None
            return
        self.declared = [
            [(day - 1) * 1440 + start, (day - 1) * 1440 + (end if end > start else end + 1440)]
            for days, start, end in ((days, _minutes(a), _minutes(b)) for days, a, b in spans)
            for day in days
        ]

    def open(self, local: datetime) -> bool:
        """Whether the site is open at this local time."""
        if self.declared is not None:
            minute = local.weekday() * 1440 + local.hour * 60 + local.minute
            return any(
                start - self.margin_min <= at < end + self.margin_min
                for start, end in self.declared
                for at in (minute, minute + 7 * 1440, minute - 7 * 1440)
            )
        return self.worked(local)

    def expected(self, local: datetime) -> bool:
        """Whether people are expected: the site is open, or has been seen at work at this hour all the same."""
        return self.open(local) or (self.passed >= WEEK and self.worked(local))

    def worked(self, local: datetime) -> bool:
        """Whether the site's own past shows people busy around this local time; True while nothing is known."""
        if self.passed < DAY:
            return True
        if self.passed < WEEK:
            return max(self.day[(local.hour + shift) % DAY] for shift in (-1, 0, 1)) >= 0.15
        slot = local.weekday() * DAY + local.hour
        if max(self.week[(slot + shift) % WEEK] for shift in (-1, 0, 1)) >= 0.1:
            return True
        # a new shift shows on every working day: after two of them the third is no surprise
        return local.weekday() < 5 and max(self.day[(local.hour + shift) % DAY] for shift in (-1, 0, 1)) >= NEW_ROUTINE

    def guarded(self) -> bool:
        """Whether people work here on many days, or on all that are known, while the alarm is set: a part of it is."""
        return len(self.nights) >= min(4, 1 + self.passed // DAY)

    def learn_one(self, at: float, local: Callable[[float], datetime], work: int = 1, doubted: bool = False) -> None:
        """Learn that people did something.

        Parameters
        ----------
        at
            When, Unix seconds.
        local
            Gives the site's wall clock at Unix seconds.
        work
            How many things that was.
        doubted
            Whether nobody should have been there: the intruder alarm was set. It counts where that is usual.
        """
        hour = int(at // 3600.0)
        if hour > self.hour:
            self._pass(hour, local(at))
        if hour == self.hour:
            if doubted:
                self.doubted += work
            else:
                self.done += work

    def _pass(self, hour: int, local: datetime) -> None:
        slot = local.weekday() * DAY + local.hour
        if self.hour >= 0:
            behind = min(hour - self.hour, WEEK)
            day = self.hour // DAY
            self.nights = [night for night in self.nights if day - night < 14]
            if self.doubted >= self.busy and day not in self.nights:
                self.nights.append(day)
            busy = self.done + (self.doubted if self.guarded() else 0) >= self.busy
            self._close((slot - behind) % WEEK, 1.0 if busy else 0.0)
            for back in range(behind - 1, 0, -1):
                self._close((slot - back) % WEEK, 0.0)
        self.hour = hour
        self.done = self.doubted = 0

    def _close(self, slot: int, active: float) -> None:
        share = 1.0 if self.passed < WEEK else FADE
        self.week[slot] += share * (active - self.week[slot])
        share = 1.0 if self.passed < DAY else FADE
        self.day[slot % DAY] += share * (active - self.day[slot % DAY])
        self.passed += 1


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
