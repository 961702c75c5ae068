"""Which techniques make an attack, and what came of one at one site."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from streams.incidents.backtest import Backtest
from tests.quality.grafts import techniques as by
from tests.quality.grafts.host import Graft

SITES = ("GB-COVENTRY", "GB-LUTTER", "DE-NW-WUPPER")
MONDAY = 1_815_350_400.0
"""Midnight UTC of the recording's first day, 12 July 2027, Unix seconds."""
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
Step = tuple[Callable[[Graft, float, float], None], float, float]
"""A technique, the minute at which it begins, and for how many minutes it goes on."""

ATTACKS: dict[str, tuple[Step, ...]] = {
    "the whole chain": ((by.cut, 0, 200), (by.jam, 4, 190), (by.still, 12, 180), (by.disks, 30, 160),
                        (by.relabel, 45, 0), (by.beside, 60, 0)),
    "cut, jammed": ((by.cut, 0, 150), (by.jam, 3, 150), (by.unordered, 25, 0)),
    "jammed, unplugged": ((by.jam, 0, 150), (by.unplug, 10, 140), (by.beside, 30, 0)),
    "disarmed, a still": ((by.disarm, 0, 0), (by.still, 8, 120), (by.beside, 30, 0)),
    "bursts, dazzled": ((by.bursts, 0, 150), (by.dazzle, 15, 120), (by.beside, 40, 0)),
    "relabelled": ((by.relabel, 0, 0), (by.unordered, 35, 0)),
    "paths cut, unplugged": ((by.paths, 0, 150), (by.unplug, 8, 120), (by.unordered, 30, 0)),
    "replayed, a still": ((by.replay, 0, 150), (by.still, 10, 120), (by.pallets, 35, 0)),
    "disks, pallets": ((by.disks, 0, 150), (by.pallets, 25, 0)),
    "a watched lorry": ((by.unplug, 0, 60), (by.listed, 15, 0)),
    "disarmed, pallets": ((by.disarm, 0, 0), (by.pallets, 20, 0)),
    "darkness": ((by.cut, 0, 200), (by.darken, 5, 190)),
}  # fmt: skip


class Night(NamedTuple):
    """What came of an attack: minutes from its first step to the second domain, the page and the goods."""

    attack: str
    site: str
    second: float | None
    page: float | None
    goods: float | None
    elsewhere: int
    """Pages at other sites, or before it began."""


def live(attack: str, site: str, day: int) -> Night:
    """Let a site be attacked in the night after one of the recording's days, and tell what came of it."""
    rng = Random(f"{attack}/{site}/{day}")
    start = MONDAY + day * DAY + 23.2 * HOUR + rng.uniform(0, HOUR)
    graft = Graft(site, start, rng)
    for technique, begin, lasts in ATTACKS[attack]:
        at = start + begin * MINUTE * rng.uniform(0.8, 1.2)
        technique(graft, at, at + lasts * MINUTE)
    page, elsewhere = None, 0
    for told in Backtest().run(graft.lines(start + 8 * HOUR)):
        incident, at = told.get("incident"), told["time"].timestamp()
        if incident is None or not incident.pages:
            continue
        if incident.site == site and at >= start:
            page = at if page is None else page
        else:
            elsewhere += 1
    first = graft.stages[0].domain
    second = min((stage.time for stage in graft.stages if stage.domain != first), default=None)
    since = [None if at is None else (at - start) / MINUTE for at in (second, page, graft.goods)]
    return Night(attack, site, since[0], since[1], since[2], elsewhere)
