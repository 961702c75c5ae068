"""What is played: each attack and each look-alike at several seeds, and ordinary life over many days."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from streams.local.simulator.scenarios import library

FIRST = date(2026, 10, 5)
"""A Monday; each case begins some weeks later than the one before, so that seasons differ."""
WARM_UP = 14
"""Days that a site is watched before a scenario is played there."""


class Case(Struct, frozen=True):
    """One simulated estate: ordinary life, or with one scenario in it."""

    kind: str
    scenario: str
    seed: int
    sites: int
    days: int
    start: date
    sparse: bool = True
    warm_up: int = WARM_UP

    @property
    def weight(self) -> int:
        """How much work it is, in site-days."""
        return self.sites * self.days


def scenarios(kind: str, seeds: int, only: list[str] | None = None, warm_up: int = WARM_UP) -> list[Case]:
    """List the cases with a scenario of a kind in them: so many seeds of each, all different."""
    cases = []
    for number, scenario in enumerate(library().values()):
        if scenario.kind != kind or (only and scenario.name not in only):
            continue
        for seed in range(seeds):
            start = FIRST + timedelta(weeks=(5 * number + 9 * seed) % 50)
            if scenario.only:
                start = scenario.only - timedelta(days=warm_up)
            days = warm_up + scenario.lasts + 2
            name, sites = scenario.name, scenario.sites
            cases.append(Case(kind, name, 1000 + 100 * number + seed, sites, days, start, warm_up=warm_up))
    return cases


def ordinary(estates: int, sites: int, days: int) -> Iterator[Case]:
    """List the estates where nothing happens."""
    for number in range(estates):
        start = FIRST + timedelta(weeks=7 * number % 52)
        yield Case("ordinary", "", 500 + number, sites, days, start)
