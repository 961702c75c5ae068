"""How often something happens here: learnt base rates, the measure of what counts as odd at this very site."""

from math import log

from mypy_extensions import mypyc_attr

from detectors.state import Part

MOST = 400.0
"""Occasions after which older ones fade: about a month of a site's lorries."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Habit(Part):
    """How often a yes-or-no fact holds, as a Beta prior that the site's own life corrects.

    Parameters
    ----------
    usual
        Where to start from: the share of occasions in which the fact holds at an average site.
    weight
        How many occasions that start is worth.

    Examples
    --------
    >>> habit = Habit(0.02)
    >>> round(habit.surprise(), 1)
    3.9
    >>> for _ in range(20):
    ...     habit.learn(True)
    >>> round(habit.surprise(), 1)
    1.1
    """

    __slots__ = ("seen", "usual", "weight", "yes")

    def __init__(self, usual: float, weight: float = 40.0) -> None:
        self.usual = usual
        self.weight = weight
        self.seen = 0.0
        self.yes = 0.0

    def probability(self) -> float:
        """How likely the fact is to hold on the next occasion, 0–1.

        A clean record halves the start at the most: what never happened in a month may well do so in a year.
        """
        return max((self.usual * self.weight + self.yes) / (self.weight + self.seen), 0.5 * self.usual)

    def surprise(self) -> float:
        """Nats of surprise when it holds."""
        return -log(self.probability())

    def learn(self, fact: bool, share: float = 1.0) -> None:
        """Learn from one occasion; `share` below 1 from one that is suspect."""
        if self.seen >= MOST:
            self.seen *= 0.5
            self.yes *= 0.5
        self.seen += share
        if fact:
            self.yes += share
