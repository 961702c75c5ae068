"""What a scenario is, and the label by which a backtest is scored."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random
from typing import Any, Literal, NamedTuple

from streams.local.simulator.calendar import Day, stamp
from streams.local.simulator.site import Site


class Part(NamedTuple):
    """Which scenario is played where (default: the first site) and when.

    `at` is its start in Unix seconds; without it, it is played on the fitting day nearest to `day` (a number from 0 on;
    without it, two thirds through).
    """

    scenario: str
    site: str | None = None
    at: float | None = None
    day: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Part":
        """Read `NAME[@SITE[@TIME]]`, the time in RFC 3339."""
        name, _, rest = text.partition("@")
        site, _, moment = rest.partition("@")
        at = None
        if moment:
            when = datetime.fromisoformat(moment)
            if when.tzinfo is None:
                raise ValueError(f"the time in {text} needs a zone, for example {moment}Z")
            at = when.timestamp()
        return cls(name, site or None, at)


class Stage(NamedTuple):
    """A step of a story and its first sign (Unix seconds)."""

    time: float
    domain: str
    name: str


@dataclass(frozen=True)
class Label:
    """What a scenario did; times are Unix seconds."""

    start: float
    end: float
    stages: list[Stage] = field(default_factory=list)
    aftermath: float | None = None
    site: str = ""
    name: str = ""
    kind: str = ""
    page: bool = False
    goods: float | None = None
    """When the first goods are off the premises."""

    def named(self, scenario: "Scenario", site: Site) -> "Label":
        """Fill in whose label it is."""
        return replace(self, site=site.id, name=scenario.name, kind=scenario.kind, page=scenario.page)

    def document(self) -> dict[str, Any]:
        """Answer it in the form of `labels.json`; `goods` is there beyond the contract."""
        stages = [stage._asdict() | {"time": stamp(stage.time)} for stage in sorted(self.stages)]
        body: dict[str, Any] = {
            "site": self.site,
            "start": stamp(self.start),
            "end": stamp(self.end),
            "name": self.name,
        }
        body |= {"kind": self.kind, "page": self.page, "stages": stages}
        body |= {"goods": stamp(self.goods)} if self.goods else {}
        return body | ({"aftermath": stamp(self.aftermath)} if self.aftermath else {})


class Fit(NamedTuple):
    """Which days a scenario fits, and what it asks of them in words.

    `empty` are the houses in which, when thieves come, nobody cleans or works late.
    """

    holds: Callable[[Site, Day], bool]
    words: str
    empty: bool = False


def _always(site: Site, day: Day) -> bool:
    return True


ANYDAY = Fit(_always, "")


def anytime(day: Day, rng: Random) -> float:
    """Draw a moment of the day."""
    return day.at(rng.uniform(0, 23))


def by_night(day: Day, rng: Random) -> float:
    """Draw a moment between 23:00 and 01:30."""
    return day.end - 3600 + rng.uniform(0, 2.5 * 3600)


def shut(site: Site, day: Day) -> bool:
    """Say whether the house is closed all night."""
    return site.closed(day.end - 5400, day.end + 5 * 3600)


SHUT = Fit(shut, "it must be closed from 22:30 to 05:00", empty=True)


def at_work(day: Day, rng: Random) -> float:
    """Draw a moment of the shift that leaves three hours of it."""
    begin, end = day.opening or (day.at(8), day.at(17))
    return rng.uniform(begin + 5400, max(begin + 5400, end - 3 * 3600))


def working(site: Site, day: Day) -> bool:
    """Say whether people work all day."""
    return day.opening is not None and day.opening[1] - day.opening[0] >= 7 * 3600


WORKING = Fit(working, "it needs a full working day")


@dataclass(frozen=True)
class Scenario:
    """A story: `when` draws its start on a day, `play` plans it from that start."""

    name: str
    summary: str
    kind: Literal["attack", "benign"]
    page: bool
    when: Callable[[Day, Random], float]
    play: Callable[[Site, Day, float, Random], Label]
    fits: Fit = ANYDAY
    elsewhere: Callable[[Site, Site, Day, float, Random], Label | None] | None = None
    """What happens meanwhile at another site (the story's own site, the other one, its day, the start)."""
    sites: int = 1
    """How many sites it takes."""
    lasts: int = 1
    """Days that it takes."""
    only: date | None = None
    """The one date on which it makes sense."""
    insider: bool = False
    """It leaves no trace but in what was ordered, labelled and driven away."""
