"""What is odd once and an attack by the dozen: how often it happens here, and to how many things within a day."""

from mypy_extensions import mypyc_attr

from detectors.freight import cap
from detectors.habit import Habit
from detectors.state import Part

DAY_S = 86400.0
MOST = 50
"""Things of a day that are remembered."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Spate(Part):
    """Counts what it happened to within a day, and learns from it a day later.

    Thieves who do a thing thirty times in a row would otherwise make it everyday life while they are at it. What
    happens to the same thing over and over, or to more things than are remembered, teaches at once: it is a quirk of
    the equipment.

    Parameters
    ----------
    usual
        Share of occasions on which it happens at an average site.
    weight
        How many occasions that expectation is worth.
    """

    __slots__ = ("habit", "held", "since", "times")

    def __init__(self, usual: float, weight: float) -> None:
        self.habit = Habit(usual, weight)
        self.times: dict[int, float] = {}
        self.held = 0.0
        self.since = 0.0

    def count(self, thing: int, at: float) -> int:
        """Count this thing, by its fingerprint, and the others that it happened to in the day before `at`."""
        return 1 + sum(other != thing and at - when < DAY_S for other, when in self.times.items())

    def sureness(self) -> float:
        """How far, 0–1, it is to be believed here: as much as it is seldom."""
        return 0.02 / (0.02 + self.habit.probability())

    def learn(self, thing: int | None, at: float) -> None:
        """Learn from one occasion, at Unix seconds `at`: to what it happened, or None where it did not."""
        if self.held and at - self.since >= DAY_S:
            self.habit.learn(True, self.held)
            self.times = {other: when for other, when in self.times.items() if at - when < DAY_S}
            self.held = 0.0
        if thing is None:
            self.habit.learn(False)
            return
        if thing in self.times or len(self.times) >= MOST:
            self.habit.learn(True)
        else:
            self.since = self.since if self.held else at
            self.held += 1.0
        self.times.pop(thing, None)
        self.times[thing] = at
        cap(self.times, MOST)
