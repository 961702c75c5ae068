"""From evidence to risk: each cause once, decayed, explained findings left out.

Fusion is a naive-Bayes sum in log-odds over domains. Within a domain findings are anything but independent, so its
strongest counts whole and further ones of other detectors a quarter. That people are there at an odd hour is one cause
too, whoever notices it: that share of the evidence counts with the domain that has most of it, and not again with the
others. An attack touches its domains within minutes or an hour, everyday life by chance: how soon a second domain
follows the first is evidence of its own, for or against. The sum does not depend on the order of arrival.
"""

from collections.abc import Callable, Iterable
from itertools import combinations
from math import exp, log
from typing import Literal, NamedTuple

from mypy_extensions import mypyc_attr

from detectors.base import Domain, Stage
from detectors.state import Part

Severity = Literal["info", "warning", "critical"]

LN2 = log(2.0)

PRIOR = -10.0
"""Log-odds before any evidence, and less what evidence overstates that is not quite independent: fitted so that `risk`
is the share of attacks among incidents in the quality suite, which sees one in some sixty site-days."""
PAGE_AT = 10.0
"""Nats of evidence, from two domains or with a definite sign of goods leaving, that page."""
WARN_AT = 4.2
"""Nats of evidence that somebody should look at in this shift."""
OPEN_AT = 2.5
"""Nats of evidence that open an incident."""
DEFINITE = 11.5
"""Nats that a definite sign of goods leaving makes the whole evidence at least."""
DEFINITE_FROM = 3.0
"""Nats that such a sign must still weigh here: where it is seen every week it is no definite one."""
COUNTS_AT = 1.5
"""Nats that make a domain count as touched."""
STRONG_AT = 2.0
"""Nats that each of two domains must have for a page: one that is sure and another that is a little odd are not two."""
SURE, SURE_BY_DAY, OVERTIME = 0.92, 0.84, 0.3
"""Scores that make goods' leaving definite: where more than that share of it is about the hour, and where not."""
FURTHER = 0.25
"""Share with which further detectors of the same domain add."""
MOST = 6.5
"""Nats that one domain can give at the most: no one domain is believed without bound."""
ONSET_AT = 1.0
"""Nats of a finding whose onset tells when its domain was touched."""
MOSTLY = 0.5
"""Share of a finding from which on it is taken to tell of the hour: two of these are one cause, not two domains."""
ANEW = 2.0
"""How many times what was left of it a finding must weigh to have come anew, rather than to be still there."""
SERIES_S = 1800.0
"""Findings of one kind closer together than this, s, are one series: it came anew if it did at its height."""
CLOSE = 1.5
"""Nats that it counts at the most, for or against, how soon a second domain follows the first."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Clue(Part):
    """One finding as evidence: nats when fresh, and when it was first and last seen on the arrival clock.

    `hour` is the share of them that is only about the hour; `onset` is when it came, or came again after it had faded;
    `before` is what was left of it when it began to come again, until that is known to be anew.
    """

    __slots__ = (
        "alone",
        "before",
        "detector",
        "device",
        "domain",
        "explained_by",
        "first",
        "hour",
        "key",
        "last",
        "memory",
        "onset",
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
        self.before = 0.0
        self.score = 0.0
        self.hour = 0.0
        self.memory = 0.0
        self.first = 0.0
        self.onset = 0.0
        self.last = 0.0
        self.alone = False
        self.explained_by: tuple[str, ...] = ()

    def at(self, now: float) -> float:
        """Nats left at Unix seconds `now`."""
        return self.weight * exp(-LN2 * max(now - self.last, 0.0) / self.memory)

    def come(self, nats: float, hour: float, now: float) -> None:
        """Take it again, of so many nats, or keep what is left of it where that is more."""
        left = self.at(now)
        if now - self.last > SERIES_S:
            self.before = left
        if nats >= left:
            self.weight, self.hour = nats, hour
            if nats >= ANEW * left or nats >= ANEW * self.before > 0.0:
                self.onset, self.before = now, 0.0
        else:
            self.weight = left
        self.last = now

    def definite(self) -> bool:
        """Whether goods surely leave with no right to; overtime must be surer than what the papers say."""
        return self.alone and self.score >= (SURE if self.hour > OVERTIME else SURE_BY_DAY)


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
        How many domains have strong evidence, the hour counted for one of them only.
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
    domains: dict[Domain, list[tuple[float, str, float]]] = {}
    onsets: dict[Domain, list[tuple[float, bool]]] = {}
    definite = False
    for clue in clues:
        left = clue.at(now)
        if left <= 0.0:
            continue
        if left >= ONSET_AT:
            onsets.setdefault(clue.domain, []).append((clue.onset, clue.hour > MOSTLY))
        domains.setdefault(clue.domain, []).append((left, clue.detector, clue.hour))
        definite = definite or (clue.definite() and left * trust(clue.detector) >= DEFINITE_FROM)
    shares: dict[str, float] = {}
    plain: dict[Domain, float] = {}
    hours: dict[Domain, float] = {}
    for domain in sorted(domains):
        plain[domain], hours[domain] = _sum(sorted(domains[domain], reverse=True), trust, shares)
    touched = tuple(domain for domain in plain if plain[domain] + hours[domain] >= COUNTS_AT)
    odd = max(hours, key=lambda domain: hours[domain], default=None)
    sums = [nats + (hours[domain] if domain == odd else 0.0) for domain, nats in plain.items()]
    nats = sum(sums)
    if (apart := _apart([onsets.get(domain, []) for domain in touched])) is not None:
        nats += closeness(apart)
    if definite:
        nats = max(nats, DEFINITE)
    if len(touched) > 1:
        nats += alertness
    strong = sum(total >= STRONG_AT for total in sums)
    return Judgement(nats, 1.0 / (1.0 + exp(-(PRIOR + nats))), touched, strong, definite, shares)


def closeness(apart: float) -> float:
    """Weigh how far apart two domains were touched, in s: the bounded log-likelihood ratio of attack against chance.

    Of ten attacks six go on to the next domain within some half an hour and three within some hours, the rest whenever
    they like in a day; chance spreads evenly over the nine hours or so for which a finding stays evidence.
    """
    hours = apart / 3600.0
    attack = 0.6 / 0.5 * exp(-hours / 0.5) + 0.3 / 2.0 * exp(-hours / 2.0) + 0.1 / 24.0
    return max(-CLOSE, min(CLOSE, log(attack * 9.0)))


def _apart(domains: list[list[tuple[float, bool]]]) -> float | None:
    """Return how soon after one domain another was touched, s; onsets say whether they tell mostly of the hour.

    Two that do are one cause: how soon the other notices it, too, says nothing. None where there is no other pair.
    """
    return min(
        (
            abs(at - other)
            for one, two in combinations(domains, 2)
            for at, early in one
            for other, late in two
            if not (early and late)
        ),
        default=None,
    )


def _sum(
    ranked: list[tuple[float, str, float]], trust: Callable[[str], float], shares: dict[str, float]
) -> tuple[float, float]:
    """Add up one domain's clues, each detector's best, the strongest first; also notes what each detector gives.

    Returns
    -------
    tuple
        Nats apart from the hour, and nats that are only about the hour.
    """
    whole = odd = 0.0
    told: set[str] = set()
    for left, detector, hour in ranked:
        if detector not in told:
            shares[detector] = left * (FURTHER if told else 1.0)
            told.add(detector)
            given = shares[detector] * trust(detector)
            whole, odd = whole + given, odd + given * hour
    kept = min(1.0, MOST / whole) if whole else 0.0
    return (whole - odd) * kept, odd * kept
