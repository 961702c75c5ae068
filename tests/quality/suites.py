"""What is played: each attack and each look-alike at several seeds, and ordinary life over many days."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from msgspec import Struct

from streams.local.simulator.scenarios import Part, library
from streams.local.simulator.world import World

FIRST = date(2026, 10, 5)
"""A Monday; each case begins some weeks later than the one before, so that seasons differ."""
WARM_UP = 14
"""Days that a site is watched before a scenario is played there."""


SORTS = 40
"""Over how many sites scenarios are spread."""


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


def scenarios(
    kind: str, seeds: int, only: list[str] | None = None, warm_up: int = WARM_UP, first: int = 0
) -> list[Case]:
    """List the cases with a scenario of a kind in them: so many seeds of each from the `first` on, all different."""
    cases = []
    for number, scenario in enumerate(library().values()):
        if scenario.kind != kind or (only and scenario.name not in only):
            continue
        for seed in range(first, first + seeds):
            start = FIRST + timedelta(weeks=(5 * number + 9 * seed) % 50)
            if scenario.only:
                start = scenario.only - timedelta(days=warm_up)
            days = warm_up + scenario.lasts + 2
            name, sites = scenario.name, scenario.sites
            cases.append(Case(kind, name, 1000 + 100 * number + seed, sites, days, start, warm_up=warm_up))
    return cases


def ordinary(estates: int, sites: int, days: int, first: int = 0) -> Iterator[Case]:
    """List the estates where nothing happens, from the `first` on."""
    for number in range(first, first + estates):
        start = FIRST + timedelta(weeks=7 * number % 52)
        yield Case("ordinary", "", 500 + number, sites, days, start)


def estate(case: Case) -> World:
    """Build the estate of a case: of a scenario at the first site that it fits, over all sorts of sites."""
    if not case.scenario:
        return World(case.seed, case.sites, case.days, case.start, sparse=case.sparse)
    parts = [Part(case.scenario, day=case.warm_up)]
    refused: ValueError | None = None
    for trial in range(12):
        first = 0 if case.sites > 2 else (Random(case.seed).randrange(SORTS) + trial) % SORTS
        try:
            return World(case.seed, case.sites, case.days, case.start, parts, sparse=case.sparse, first=first)
        except ValueError as error:
            refused = error
    raise ValueError(f"{case.scenario} fits no site of seed {case.seed}") from refused
