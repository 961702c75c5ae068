"""What is usual for one number: its level and spread, learnt with river's variance in two generations."""

from math import sqrt

from river import stats

from detectors.state import Part


class Spread(Part):
    """Mean and standard deviation of a stream that forgets: the last full generation, and the one being filled.

    river's `Var` never forgets and its exponentially weighted one cannot be carried in a snapshot; two generations
    forget after `length` values and cost one update each.

    Parameters
    ----------
    length
        Values in a generation.

    Examples
    --------
    >>> usual = Spread(length=100)
    >>> for x in (9.0, 10.0, 11.0) * 10:
    ...     usual.learn(x)
    >>> round(usual.mean, 1), round(usual.sd, 1)
    (10.0, 0.8)
    >>> round(usual.distance(20.0, floor=0.5), 1)
    12.0
    """

    __slots__ = ("filling", "length", "mean", "n", "sd")

    def __init__(self, length: int = 1000) -> None:
        self.length = length
        self.filling = stats.Var()
        self.n = 0
        self.mean = 0.0
        self.sd = 0.0

    def learn(self, x: float) -> None:
        """Learn one value."""
        filling = self.filling
        filling.update(x)
        self.n += 1
        turn = self.n % self.length
        if turn == 0 or (self.n < self.length and (turn < 64 or turn % 16 == 0)):
            self.mean = filling.mean.get()
            self.sd = sqrt(max(filling.get(), 0.0))
            if turn == 0:
                self.filling = stats.Var()

    def distance(self, x: float, floor: float) -> float:
        """How many standard deviations `x` lies above the mean; `floor` is the least deviation taken as one."""
        return (x - self.mean) / (self.sd if self.sd > floor else floor)

    def tame(self, x: float, floor: float, width: float = 4.0) -> float:
        """Return `x` pulled to within `width` deviations, so that one extreme teaches little."""
        if self.n < 10:
            return x
        reach = width * (self.sd if self.sd > floor else floor)
        low, high = self.mean - reach, self.mean + reach
        return low if x < low else high if x > high else x


class Swift(Spread):
    """The same numbers by the same recurrence (Welford's, which river's `Var` uses), written out for the hottest paths.

    Examples
    --------
    >>> usual = Swift(length=100)
    >>> for x in (9.0, 10.0, 11.0) * 10:
    ...     usual.learn(x)
    >>> round(usual.mean, 1), round(usual.sd, 1)
    (10.0, 0.8)
    """

    __slots__ = ("centre", "count", "squares")

    def __init__(self, length: int = 1000) -> None:
        self.length = length
        self.n = self.count = 0
        self.mean = self.sd = self.centre = self.squares = 0.0

    def learn(self, x: float) -> None:
        """Learn one value."""
        self.n = n = self.n + 1
        self.count = count = self.count + 1
        before = x - self.centre
        self.centre = centre = self.centre + (1.0 / count) * before
        self.squares += before * (x - centre)
        length = self.length
        turn = n % length
        if turn == 0 or (n < length and (turn < 64 or turn % 16 == 0)):
            self.mean = centre
            self.sd = sqrt(self.squares / (count - 1)) if count > 1 else 0.0
            if turn == 0:
                self.count = 0
                self.centre = self.squares = 0.0
