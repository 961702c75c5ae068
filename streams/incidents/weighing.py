"""How much a finding weighs here: the log-likelihood ratio of seeing it in an attack against an ordinary window.

Each detector says how likely an attack of its domain shows it (`hit`) and how often ordinary life does (`rate`). The
second is only where a site starts from: it is a Beta prior over windows of nine hours, and every window that passes
teaches how often this very thing happens at this very site. A switch that fails each week soon weighs nothing; the
same finding at a site that never had it keeps its full weight.
"""

from math import exp, log

from detectors.state import part

WINDOW_S = 9 * 3600.0
"""Length of the window over which "does it happen here?" is asked, s: about as long as a finding stays evidence."""
PRIOR_WINDOWS = 25.0
"""Weight of a detector's own `rate` before the site's is learnt, in windows (9 days)."""
MEMORY_WINDOWS = 240.0
"""Windows after which what was learnt has faded to 1/e (90 days)."""


def ordinary(rate: float) -> float:
    """Probability of at least one finding in a window, from findings a site-day."""
    return 1.0 - exp(-rate * WINDOW_S / 86400.0)


@part
class BaseRate:
    """How often one detector fires at one site, in windows with at least one finding."""

    __slots__ = ("hits", "last", "windows")

    def __init__(self) -> None:
        self.hits = 0.0
        self.windows = 0.0
        self.last = -1

    def probability(self, rate: float, window: int, since: int) -> float:
        """Probability of a finding in an ordinary window; `since` is the window in which the site was first seen."""
        lived = min(max(window - since, 0), MEMORY_WINDOWS)
        return (PRIOR_WINDOWS * ordinary(rate) + self.hits) / (PRIOR_WINDOWS + lived)

    def learn(self, window: int, share: float = 1.0) -> None:
        """Learn that the detector fired in this window; further findings of the same window teach nothing."""
        if window == self.last:
            return
        if self.last >= 0:
            self.hits *= exp(-(window - self.last) / MEMORY_WINDOWS)
        self.last = window
        self.hits += share


def weight(score: float, hit: float, usual: float) -> float:
    """Log-likelihood ratio in nats of a finding that is genuine with probability `score`."""
    return log((score * hit + (1.0 - score) * usual) / usual) if usual < hit else 0.0
