"""The records of a stream: the greatest and the least that it has shown, forgotten in two generations."""

from collections.abc import Sequence
from datetime import datetime
from math import inf

from mypy_extensions import mypyc_attr

from detectors.state import Part


@mypyc_attr(allow_interpreted_subclasses=True)
class Extremes(Part):
    """The greatest and the least value of several columns, of the present generation and the one before.

    Parameters
    ----------
    columns
        How many columns are kept apart.
    """

    __slots__ = ("high", "low", "new_high", "new_low")

    def __init__(self, columns: int) -> None:
        self.high = [-inf] * columns
        self.low = [inf] * columns
        self.new_high = [-inf] * columns
        self.new_low = [inf] * columns

    def excess(self, column: int, x: float) -> float:
        """How far `x` lies outside what the column has shown, in its own unit; 0 while it has shown nothing."""
        high, low = self.high[column], self.low[column]
        return 0.0 if low <= x <= high or low > high else max(x - high, low - x)

    def span(self, column: int) -> float:
        """Greatest less least, or 0 while the column has shown nothing."""
        return max(self.high[column] - self.low[column], 0.0)

    def learn(self, column: int, x: float) -> None:
        """Learn one value of a column."""
        if x > self.new_high[column]:
            self.new_high[column] = x
            self.high[column] = max(self.high[column], x)
        if x < self.new_low[column]:
            self.new_low[column] = x
            self.low[column] = min(self.low[column], x)

    def learn_all(self, row: Sequence[float]) -> None:
        """Learn a value of each of the first columns."""
        high, low, new_high, new_low = self.high, self.low, self.new_high, self.new_low
        for column, x in enumerate(row):
            if x > new_high[column]:
                new_high[column] = x
                if x > high[column]:
                    high[column] = x
            if x < new_low[column]:
                new_low[column] = x
                if x < low[column]:
                    low[column] = x

    def turn(self) -> None:
        """Begin a generation and forget the last but one."""
        self.high, self.new_high = self.new_high, [-inf] * len(self.high)
        self.low, self.new_low = self.new_low, [inf] * len(self.low)


@mypyc_attr(allow_interpreted_subclasses=True)
class HourExtremes(Part):
    """The greatest and the least value of each hour of the day.

    Parameters
    ----------
    weeks
        Length of a generation, weeks.
    warm
        Days after which an hour is half trusted.
    """

    __slots__ = ("born", "day", "days", "extremes", "warm", "weeks")

    def __init__(self, weeks: int, warm: float) -> None:
        self.weeks = weeks
        self.warm = warm
        self.born = 0
        self.day = [0] * 24
        self.days = [0] * 24
        self.extremes = Extremes(24)

    def excess(self, x: float, at: datetime) -> float:
        """How far `x` lies outside what this hour has shown, in its own unit, times the trust in that."""
        excess = self.extremes.excess(at.hour, x)
        if excess <= 0.0:
            return 0.0
        known = self.days[at.hour] - (self.day[at.hour] >= at.toordinal())
        return excess * known / (known + self.warm)

    def learn(self, x: float, at: datetime) -> None:
        """Learn one value; one of an earlier day counts to the newest."""
        hour, day = at.hour, at.toordinal()
        if day > self.day[hour]:
            self.day[hour] = day
            self.days[hour] += 1
            if not self.born:
                self.born = day
            elif day >= self.born + 7 * self.weeks:
                self.born = day
                self.extremes.turn()
        self.extremes.learn(hour, x)
