"""Numbers that repeat: a still, a loop, a recording played again, by how often this very source repeats by chance."""

from mypy_extensions import mypyc_attr

from detectors.habit import Habit
from detectors.state import Part

REMEMBERED = 64
"""Values in which a loop is looked for."""
TEACHES = 4
"""Values of a sequence met again that teach how long such sequences are."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Echo(Part):
    """Follows one stream of values and counts exact repeats of the last one, and of a sequence some values back.

    Noise alone changes what is measured. How often two values in succession are equal all the same is learnt, and so
    are how often a value is met again and how often the next one is then met again as far back; each further repeat
    multiplies the surprise.

    Parameters
    ----------
    repeats, looped
        Share of values to expect that repeat the last one, or begin or continue a sequence, before it is learnt.
    weight
        How many values that expectation is worth.

    Attributes
    ----------
    run
        How many times in succession the last value was repeated.
    loop, lag
        How many values in succession continue a sequence, and how many values back it was.
    """

    __slots__ = ("continued", "lag", "last", "loop", "looped", "places", "repeats", "run", "seen")

    def __init__(self, repeats: float, looped: float, weight: float = 200.0) -> None:
        self.last = 0.0
        self.places: dict[float, int] = {}
        self.repeats = Habit(repeats, weight)
        self.looped = Habit(looped, weight)
        self.continued = Habit(looped, 0.25 * weight)
        self.run = 0
        self.seen = 0
        self.lag = 0
        self.loop = 0

    def take(self, value: float) -> bool:
        """Take the next value, not 0; returns whether it repeats the last one."""
        still = value == self.last
        if still:
            self.run += 1
        else:
            self.run = 0
            self._follow(self.places.get(value))
        return still

    def learn(self, value: float, share: float = 0.1) -> None:
        """Learn the value that was taken, after it was judged; a run teaches from its second repeat on by `share`."""
        self.repeats.learn(self.run > 0, share if self.run > 1 else 1.0)
        self.last = value
        self.places[value] = self.seen
        if len(self.places) > REMEMBERED + 16:
            self.places = {key: at for key, at in self.places.items() if self.seen - at < REMEMBERED}
        self.seen += 1

    def broken(self) -> None:
        """Take note that there is no value now: what follows is no repeat."""
        self.run = self.loop = self.lag = 0

    def still(self) -> float:
        """Nats of surprise at the run of equal values."""
        return self.run * self.repeats.surprise()

    def looping(self) -> float:
        """Nats of surprise at the loop; 0 for none."""
        if not self.loop or self.lag < 2:
            return 0.0
        return self.looped.surprise() + (self.loop - 1) * self.continued.surprise()

    def _follow(self, before: int | None) -> None:
        """See whether this value, last met as number `before`, continues a loop: once more as many back."""
        lag = 0 if before is None else self.seen - before
        if lag and lag == self.lag:
            self.loop += 1
            return
        self.looped.learn(self.loop > 0)
        if self.loop:
            # A long sequence teaches no more than a short one: it is a recording that ended, and not this source.
            self.continued.learn(True, min(self.loop - 1, TEACHES))
            self.continued.learn(False)
        self.lag = lag if lag <= REMEMBERED else 0
        self.loop = 1 if self.lag else 0
