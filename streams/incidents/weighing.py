"""How much a finding weighs here: the log-likelihood ratio of seeing it in an attack against an ordinary window.

Each detector says how likely an attack of its domain shows it (`hit`) and how often ordinary life does (`rate`). The
second is only where a site starts from: it is a Beta prior over windows of nine hours, and every window that passes
teaches how often this very thing happens at this very site. A switch that fails each week soon weighs nothing; the
same finding at a site that never had it keeps its full weight. Weak findings and strong ones are counted apart, for
loads that are a little odd every day say nothing of how often one is as odd as can be.
"""

from math import exp, log

from detectors.state import Part

WINDOW_S = 9 * 3600.0
"""Length of the window over which "does it happen here?" is asked, s: about as long as a finding stays evidence."""
FIRST_DAY_S = 86400.0
"""So long nothing is a definite sign by itself at a new site: who works when, and what was booked, is not known yet."""
PRIOR_WINDOWS = 25.0
"""Weight of a detector's own `rate` before the site's is learnt, in windows (9 days)."""
MEMORY_WINDOWS = 240.0
"""Windows after which what was learnt has faded to 1/e (90 days)."""


def ordinary(rate: float) -> float:
    """Probability of at least one finding in a window, from findings a site-day."""
    return 1.0 - exp(-rate * WINDOW_S / 86400.0)


BANDS = (0.0, 0.5, 0.8)
"""Scores from which on a finding is counted with the stronger ones."""


def band(score: float) -> int:
    """Index of the strongest band that a score belongs to."""
    return 2 if score >= BANDS[2] else 1 if score >= BANDS[1] else 0


LOUDER = 0.15
"""How much surer a repeated sign must be to be a finding again."""


def louder(score: float, before: float) -> bool:
    """Whether a sign that was given before is so much surer now that it is worth a finding again."""
    return score >= before + LOUDER or band(score) > band(before)


BUSIER = 2.0
"""How much likelier ordinary life shows a thing with people at work, and an attack without them."""


def at_work(usual: float, hit: float, staffed: float) -> tuple[float, float]:
    """Probability in an ordinary window and in an attack, where so far, 0–1, people are at work."""
    return min(usual * BUSIER ** (2.0 * staffed - 1.0), 1.0), hit * BUSIER**-staffed


class BaseRate(Part):
    """How often one detector fires at one site, in windows with at least one finding; by strength of the finding."""

    __slots__ = ("hits", "last", "strongest")

    def __init__(self) -> None:
        self.hits = [0.0, 0.0, 0.0]
        self.last = -1
        self.strongest = -1

    def probability(self, rate: float, strong: float, score: float, window: int, since: int) -> float:
        """Probability of a finding as strong as this in an ordinary window.

        Parameters
        ----------
        rate
            Findings a site-day to expect before the site's own rate is learnt.
        strong
            Share of them to expect in the strongest band; its root is that of the middle one.
        score
            The finding's, 0-1.
        window, since
            This window, and the one in which the site was first seen.
        """
        lived = min(max(window - since, 0), MEMORY_WINDOWS)
        strength = band(score)
        expected = PRIOR_WINDOWS * ordinary(rate * strong ** (strength / 2.0))
        return (expected + self.hits[strength]) / (PRIOR_WINDOWS + lived)

    def learn(self, window: int, score: float, share: float = 1.0) -> None:
        """Learn a finding of this window; further ones of the same window teach only when they are stronger."""
        if window != self.last:
            if self.last >= 0:
                fade = exp(-(window - self.last) / MEMORY_WINDOWS)
                self.hits = [hits * fade for hits in self.hits]
            self.last, self.strongest = window, -1
        for strength in range(self.strongest + 1, band(score) + 1):
            self.hits[strength] += share
            self.strongest = strength

    def correct(self, by: float) -> None:
        """Take what a verdict says of the last findings: more or less of them were everyday life than was learnt."""
        self.hits = [max(hits + by, 0.0) for hits in self.hits]


def weight(score: float, hit: float, usual: float) -> float:
    """Log-likelihood ratio in nats of a finding that is genuine with probability `score`."""
    return log((score * hit + (1.0 - score) * usual) / usual) if usual < hit else 0.0
