"""The records of a stream: the greatest and the least that it has shown, forgotten by generations."""

from datetime import datetime
from math import inf

from detectors.state import part


@part
class Extremes:
    """The greatest and the least of the last few thousand values, kept by generations.

    Parameters
    ----------
    generation
        Values in a generation.
    kept
        Full generations remembered beside the one being filled.
    """

    __slots__ = ("count", "generation", "high", "highs", "kept", "low", "lows")

    def __init__(self, generation: int, kept: int) -> None:
        self.generation = generation
        self.kept = kept
        self.count = 0
        self.high = -inf
        self.low = inf
        self.highs = [-inf]
        self.lows = [inf]

    def overshoot(self, x: float) -> float:
        """How far `x` lies outside, as a multiple of the span; 1 for the first change of a constant."""
        if self.low <= x <= self.high or self.low > self.high:
            return 0.0
        span = self.high - self.low
        return max(x - self.high, self.low - x) / span if span > 0.0 else 1.0

    def learn(self, x: float) -> None:
        """Learn one value."""
        if x > self.highs[-1]:
            self.highs[-1] = x
            self.high = max(self.high, x)
        if x < self.lows[-1]:
            self.lows[-1] = x
            self.low = min(self.low, x)
        self.count += 1
        if self.count == self.generation:
            self.count = 0
            self.highs = [*self.highs[-self.kept :], -inf]
            self.lows = [*self.lows[-self.kept :], inf]
            self.high, self.low = max(self.highs), min(self.lows)


@part
class HourExtremes:
    """The greatest and the least value of each hour of the day, week by week.

    Parameters
    ----------
    weeks
        Full weeks remembered beside the present one.
    warm
        Days after which an hour is half trusted.
    """

    __slots__ = ("day", "days", "high", "highs", "low", "lows", "warm", "week", "weeks")

    def __init__(self, weeks: int, warm: float) -> None:
        self.weeks = weeks
        self.warm = warm
        self.week = 0
        self.day = [0] * 24
        self.days = [0] * 24
        self.high = [-inf] * 24
        self.low = [inf] * 24
        self.highs = [[-inf] * 24]
        self.lows = [[inf] * 24]

    def overshoot(self, x: float, at: datetime) -> float:
        """How far `x` lies outside what this hour has shown, in its own unit, times the trust in that."""
        hour = at.hour
        high, low = self.high[hour], self.low[hour]
        if low <= x <= high or low > high:
            return 0.0
        known = self.days[hour] - (self.day[hour] >= at.toordinal())
        return max(x - high, low - x) * known / (known + self.warm)

    def learn(self, x: float, at: datetime) -> None:
        """Learn one value; one of an earlier day counts to the newest."""
        hour, day = at.hour, at.toordinal()
        if day > self.day[hour]:
            self.day[hour] = day
            self.days[hour] += 1
            if day // 7 > self.week:
                self._turn(day // 7)
        if x > self.highs[-1][hour]:
            self.highs[-1][hour] = x
            self.high[hour] = max(self.high[hour], x)
        if x < self.lows[-1][hour]:
            self.lows[-1][hour] = x
            self.low[hour] = min(self.low[hour], x)

    def _turn(self, week: int) -> None:
        self.week = week
        self.highs = [*self.highs[-self.weeks :], [-inf] * 24]
        self.lows = [*self.lows[-self.weeks :], [inf] * 24]
        self.high = [max(column) for column in zip(*self.highs, strict=True)]
        self.low = [min(column) for column in zip(*self.lows, strict=True)]
