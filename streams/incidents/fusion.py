"""From evidence to risk: each domain once, decayed, explained findings left out.

Fusion is a naive-Bayes sum in log-odds over domains. Within a domain findings are anything but independent, so its
strongest counts whole and further ones of other detectors a quarter. The sum does not depend on the order of arrival.
"""

from collections.abc import Callable, Iterable
from math import exp, log
from typing import Literal, NamedTuple

from detectors.base import Domain, Stage
from detectors.state import part

Severity = Literal["info", "warning", "critical"]

LN2 = log(2.0)

PRIOR = -5.5
"""Log-odds that a window of nine hours at a site sees an attack or an attempt."""
PAGE_AT = 7.0
"""Nats of evidence, from two domains or a definite sign of goods leaving, that page."""
WARN_AT = 4.2
"""Nats of evidence that somebody should look at in this shift."""
OPEN_AT = 2.5
"""Nats of evidence that open an incident."""
COUNTS_AT = 1.5
"""Nats that make a domain count as touched."""
STRONG_AT = 2.5
"""Nats that each of two domains must have for a page: many weak signs are not two strong ones."""
FURTHER = 0.25
"""Share with which further detectors of the same domain add."""
MOST = 6.5
"""Nats that one domain can give at the most: no one domain is believed without bound."""


@part
class Clue:
    """One finding as evidence: nats when fresh, and when it was first and last seen on the arrival clock."""

    __slots__ = (
        "alone",
        "detector",
        "device",
        "domain",
        "explained_by",
        "first",
        "key",
        "last",
        "memory",
        "score",
        "stage",
        "weight",
    )

    def __init__(self, detector: str, domain: Domain, device: str, key: str, stage: Stage) -> None:
        self.detector = detector
        self.domain = domain
        self.device = device
        self.key = key
        self.stage = stage
        self.weight = 0.0
        self.score = 0.0
        self.memory = 0.0
        self.first = 0.0
        self.last = 0.0
        self.alone = False
        self.explained_by: tuple[str, ...] = ()

    def at(self, now: float) -> float:
        """Nats left at Unix seconds `now`."""
        return self.weight * exp(-LN2 * max(now - self.last, 0.0) / self.memory)


class Judgement(NamedTuple):
    """What the evidence amounts to.

    Attributes
    ----------
    nats
        All evidence together.
    risk
        Probability that it is an attack.
    touched
        Domains with evidence that counts.
    strong
        How many domains have strong evidence.
    definite
        Whether there is a definite sign of goods leaving.
    shares
        What each detector gives to `nats`, before it is weighed by trust.
    """

    nats: float
    risk: float
    touched: tuple[Domain, ...]
    strong: int
    definite: bool
    shares: dict[str, float]

    @property
    def pages(self) -> bool:
        """Whether this would page by itself."""
        return self.nats >= PAGE_AT and (self.strong > 1 or self.definite)

    @property
    def severity(self) -> Severity:
        """How urgent it is for people."""
        return "critical" if self.pages else "warning" if self.nats >= WARN_AT else "info"


def fuse(
    clues: Iterable[Clue], now: float, trust: Callable[[str], float] = lambda _: 1.0, alertness: float = 0.0
) -> Judgement:
    """Judge evidence at Unix seconds `now` (arrival clock).

    Parameters
    ----------
    trust
        Weighs each detector.
    alertness
        Nats added once two domains are touched.
    """
    domains: dict[Domain, dict[str, float]] = {}
    definite = False
    for clue in clues:
        left = clue.at(now)
        if left <= 0.0:
            continue
        best = domains.setdefault(clue.domain, {})
        best[clue.detector] = max(left, best.get(clue.detector, 0.0))
        definite = definite or (clue.alone and clue.score >= 0.9 and left * trust(clue.detector) >= COUNTS_AT)
    sums: dict[Domain, float] = {}
    shares: dict[str, float] = {}
    for domain in sorted(domains):
        ranked = sorted(((left, detector) for detector, left in domains[domain].items()), reverse=True)
        given = {detector: left * (FURTHER if rank else 1.0) for rank, (left, detector) in enumerate(ranked)}
        sums[domain] = min(sum(left * trust(detector) for detector, left in given.items()), MOST)
        shares |= given
    nats = sum(sums.values())
    if definite:
        nats = max(nats, PAGE_AT)
    touched = tuple(domain for domain, total in sums.items() if total >= COUNTS_AT)
    strong = sum(total >= STRONG_AT for total in sums.values())
    if len(touched) > 1:
        nats += alertness
    return Judgement(nats, 1.0 / (1.0 + exp(-(PRIOR + nats))), touched, strong, definite, shares)
