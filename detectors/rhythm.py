"""The rhythm of one periodic stream: interval, jitter, delay and losses, learnt from its own messages."""

from math import ceil, log

from mypy_extensions import mypyc_attr

from detectors.state import Part

STEADY = 0.6
"""How regular a stream must be to be missed."""
LEAST = 2
"""Intervals that must pass before any stream is missed."""
LONGEST_HOLD_S = 1800.0
"""How long messages are held back at most to be sent together, s; longer is an outage."""
ALIKE = 4
"""Messages in succession that come equally late, at their usual pace: the clock was set back, they are not old."""
HELD_FROM = 0.3
"""Share of arrivals that were held back from which on it is a habit, and no outage: two in succession are more."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Stream(Part):
    """One type of one device.

    Attributes
    ----------
    last
        When it was last known alive, by the arrival clock, s.
    time
        Newest event time, s.
    interval, jitter
        Its rhythm and the usual deviation from it, s.
    lag, wobble
        Usual delay of arrival (the device's wrong clock included) and its deviation, s.
    loss, n
        Share of its messages that never come, and of how many that was learnt.
    steady
        How regular it is, 0–1; only a regular stream can be missed.
    odd
        Odd gaps in succession: three alike are a new rhythm.
    came
        When any of it last arrived, by the arrival clock, s.
    shift, alike
        By how much the last one came too late, s, and how many in succession came so.
    held, holds
        For how long messages are usually held back to arrive together, s, and in what share of arrivals they are.
    """

    __slots__ = (
        "alike",
        "came",
        "held",
        "holds",
        "interval",
        "jitter",
        "lag",
        "last",
        "loss",
        "n",
        "odd",
        "shift",
        "steady",
        "time",
        "wobble",
    )

    def __init__(self, time: float = 0.0, clock: float = 0.0) -> None:
        self.last = clock
        self.time = time
        self.interval = 0.0
        self.jitter = 0.0
        self.lag = min(max(clock - time, -600.0), 600.0)
        self.wobble = 0.0
        self.loss = 0.01
        self.n = 20.0
        self.steady = 0.4
        self.odd = 0
        self.came = clock
        self.shift = 0.0
        self.alike = 0
        self.held = 0.0
        self.holds = 0.0

    def heard(self, time: float, clock: float) -> None:
        """Take a message of event time `time` that arrived at `clock`."""
        late, pause = clock - time - self.lag, clock - self.came
        self.came = clock
        if self.stale(clock - time):
            if self._set_back(late, pause):
                self.lag += late
                self.last, self.time = clock, time
                return
            self.last = max(self.last, time + self.lag)
        else:
            self.alike = 0
            self.last = clock
            self.wobble += 0.1 * (abs(late) - self.wobble)
            self.lag += 0.1 * late
        interval, gap = self.interval, time - self.time
        if gap <= 0.0:
            return
        self.time = time
        if pause > 0.0:
            self._held(pause, gap)
        if 0.7 * interval <= gap <= 1.5 * interval:
            off = gap - interval
            self.interval = interval + 0.1 * off
            self.jitter += 0.1 * (abs(off) - self.jitter)
            self.n = n = self.n + 1.0 if self.n < 249.0 else 250.0
            self.loss -= self.loss / n
            self.steady += 0.1 * (1.0 - self.steady)
            self.odd = 0
        elif interval:
            self._odd(gap, gap / interval)
        else:
            self.interval = gap

    def stale(self, delay: float) -> bool:
        """Whether a message that took so long, s, is old by what is usual here and tells nothing of now."""
        late = delay - self.lag
        return late > 60.0 and late > self.interval

    def _set_back(self, late: float, pause: float) -> bool:
        """Whether what is so `late`, `pause` after the last arrival, is of now and by a clock that was set back."""
        paced = pause > 0.5 * self.interval and abs(late - self.shift) < 0.5 * self.interval
        self.alike = self.alike + 1 if paced else 0
        self.shift = late
        return self.alike >= ALIKE

    def _held(self, pause: float, gap: float) -> None:
        """Learn from what arrived `pause` after the last arrival whether messages are held back to come together."""
        usual = 1.5 * self.interval
        if pause <= usual:
            self.holds -= 0.05 * self.holds
        elif gap <= usual and pause <= LONGEST_HOLD_S:  # it was not lost
            self.holds += 0.2 * (1.0 - self.holds)
            self.held = max(pause, 0.97 * self.held)

    def _odd(self, gap: float, ratio: float) -> None:
        """Take a gap that is not this stream's interval, but `ratio` times as long."""
        self.odd += 1
        skipped = round(ratio)
        if self.odd >= 3:
            self.interval = gap
            self.odd = 0
            self.steady *= 0.8
        elif ratio > 1.5 and abs(ratio - skipped) <= 0.3 and skipped <= 4:
            self._lose(skipped - 1)
        elif skipped <= 50:
            self.steady *= 0.9

    def _lose(self, skipped: int) -> None:
        """Learn that a message came, after so many that did not."""
        self.n = min(self.n + 1.0 + skipped, 250.0)
        self.loss += ((1.0 - self.loss) * skipped - self.loss) / self.n

    def grace(self) -> float:
        """How late it may be without being late, s."""
        held = 1.25 * self.held if self.holds > HELD_FROM else 0.0
        return held + 4.0 * (self.jitter + self.wobble) + (self.interval if self.interval < 5.0 else 5.0)


def needed(loss: float) -> int:
    """How many intervals must pass in silence before chance is no explanation, at this share of lost messages."""
    return min(max(ceil(log(2e-6) / log(max(min(loss, 0.5), 0.001))), LEAST), 8)
