"""What is new in a stream of numbers: the learnt detector for loads, counts and rates.

A number is news when it breaks a record of the stream's own past: in itself, in its changes, in its moving ranges, or
among the values that this hour of the day has shown. How far a record is broken is measured by the span between the
old ones, so that neither unit nor level nor spread need be known.
"""

from collections import deque
from datetime import datetime
from math import isfinite

from detectors.extremes import Extremes, HourExtremes
from detectors.state import Part

LARGEST = 1e150
"""Magnitudes are cut here, so that differences and quotients stay finite."""

ROUNDING = 1e-9
"""Share of a stream's magnitude that is no news: what is left of equal numbers after arithmetic."""


class RecordNovelty(Part):
    """Scores how new a value is to its stream, 0–1; a single pass, nothing known beforehand.

    Views of the stream each remember their extremes: the value, its changes over several lags, its range over several
    windows, and by hour of the day the value and its short mean. The novelty is the sum of how far they are exceeded;
    the first events and days count less. A stream that is news all the time tires: a score passes only when it is well
    above the greatest of the last events, whether those passed or not. Extremes are learnt too, so this shows the
    onset of something new and not that it lasts.

    river's anomaly scorers saturate near 1 and answer 1 on a constant stream; records need neither a distribution nor
    a variance, and cost a few comparisons.

    Parameters
    ----------
    lags
        Spans of the changes and moving ranges, events.
    generation
        Memory of the views: values after which those of the generation before are forgotten.
    weeks, warm_days
        The same for the hours of the day, in weeks; days after which an hour is half trusted.
    warm
        Events after which the views are half trusted.
    half
        Overshoot, as a multiple of the span, at which a view is half as novel as it can get.
    weight
        What a view at its most novel adds, where an hour's value that exceeds by the whole span adds 1.
    mean_weight
        What an hour's short mean that exceeds by the whole span adds.
    cool, rise
        Events looked back on, and the multiple of their greatest novelty that a score must reach to pass.

    References
    ----------
    Lavin and Ahmad, Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark, 2015.

    Examples
    --------
    >>> from datetime import datetime, timedelta
    >>> novelty, start = RecordNovelty(), datetime(2026, 3, 2)
    >>> times = [start + timedelta(minutes=5 * n) for n in range(1000)]
    >>> max(novelty.update(20.0 + n % 7, at) for n, at in enumerate(times)) < 0.05
    True
    >>> novelty.update(60.0, times[-1] + timedelta(minutes=5)) > 0.5
    True
    """

    def __init__(
        self,
        lags: tuple[int, ...] = (5, 20, 80),
        generation: int = 4000,
        weeks: int = 4,
        warm_days: float = 4.0,
        warm: float = 300.0,
        half: float = 0.1,
        weight: float = 0.1,
        mean_weight: float = 0.5,
        cool: int = 100,
        rise: float = 1.2,
    ) -> None:
        self.lags = lags
        self.generation = generation
        self.warm = warm
        self.half = half
        self.weight = weight
        self.mean_weight = mean_weight
        self.cool = cool
        self.rise = rise
        self.count = 0
        self.recent: list[float] = []
        self.views = Extremes(2 + 2 * len(lags))
        self.hours = HourExtremes(weeks, warm_days)
        self.mean_hours = HourExtremes(weeks, warm_days)
        self.peaks: deque[tuple[int, float]] = deque()

    def update(self, value: float, timestamp: datetime) -> float:
        """Score, then learn; in the river idiom `score_one` and `learn_one` at the price of one.

        Parameters
        ----------
        value
            The stream's next number; what is not finite scores 0 and teaches nothing.
        timestamp
            Its wall clock, of which only date and hour are used; it may repeat or go back.
        """
        if not isfinite(value):
            return 0.0
        x = min(max(value, -LARGEST), LARGEST)
        views, mean = self._look(x)
        novelty = self._novelty(x, views, mean, timestamp)
        score = self._passed(novelty)
        self._learn(x, views, mean, timestamp, novelty)
        return score

    def score_one(self, x: float, timestamp: datetime) -> float:
        """Score a value without learning it."""
        if not isfinite(x):
            return 0.0
        x = min(max(x, -LARGEST), LARGEST)
        return self._passed(self._novelty(x, *self._look(x), timestamp))

    def learn_one(self, x: float, timestamp: datetime) -> None:
        """Learn a value without scoring it."""
        self.update(x, timestamp)

    def _look(self, x: float) -> tuple[list[float], float | None]:
        """Return the views of which enough has been seen, and the mean of the last few values."""
        recent = self.recent
        views = [x]
        if recent:
            views.append(x - recent[-1])
        seen = len(recent)
        high = low = x
        since = seen
        for lag in self.lags:
            if seen < lag:
                break
            # a window holds the shorter ones: only what it adds to them has to be looked at
            more = recent[seen - lag : since]
            since = seen - lag
            high, low = max(high, *more), min(low, *more)
            views += (x - more[0], high - low)
        short = self.lags[0] - 1
        return views, (sum(recent[-short:]) + x) / (short + 1) if seen >= short else None

    def _novelty(self, x: float, views: list[float], mean: float | None, at: datetime) -> float:
        extremes = self.views
        noise = ROUNDING * max(abs(extremes.high[0]), abs(extremes.low[0])) if self.count else 0.0
        total = 0.0
        for column, view in enumerate(views):
            excess = extremes.excess(column, view)
            if excess > noise:
                total += excess / (excess + self.half * extremes.span(column))
        total *= self.weight * self.count / (self.count + self.warm)
        span = extremes.span(0)
        if span > noise:
            total += self.hours.excess(x, at) / span
            if mean is not None:
                total += self.mean_weight * self.mean_hours.excess(mean, at) / span
        return total

    def _passed(self, novelty: float) -> float:
        if novelty <= 0.0 or (self.peaks and novelty < self.rise * self.peaks[0][1]):
            return 0.0
        return 1.0 - 1.0 / (1.0 + novelty)

    def _learn(self, x: float, views: list[float], mean: float | None, at: datetime, novelty: float) -> None:
        self.views.learn_all(views)
        self.hours.learn(x, at)
        if mean is not None:
            self.mean_hours.learn(mean, at)
        # What stays in `peaks` falls from left to right, so that its first is the greatest of the last events.
        if novelty > 0.0:
            while self.peaks and self.peaks[-1][1] <= novelty:
                self.peaks.pop()
            self.peaks.append((self.count, novelty))
        if self.peaks and self.peaks[0][0] <= self.count - self.cool:
            self.peaks.popleft()
        self.recent.append(x)
        if len(self.recent) > self.lags[-1]:
            del self.recent[0]
        self.count += 1
        if self.count % self.generation == 0:
            self.views.turn()


def factory() -> RecordNovelty:
    """Make the detector of one stream, with the parameters that are used everywhere."""
    return RecordNovelty()
