"""The whole neighbourhood is dark: the grid failed, and not at this site alone."""

from collections.abc import Iterable, Sequence
from math import exp, inf

from detectors.base import Detector, Row, Sign
from detectors.elsewhere import DELAY_S, Outage, km
from detectors.events import PowerReading, PowerStatus
from detectors.grid import Grid
from detectors.scene import Scene
from detectors.supply import DEAD_VOLTAGE

NEAR_KM = 30.0
"""Sites this close hang on the same medium-voltage grid."""
TOGETHER_S = 120.0
"""How far apart clocks may be for outages to count as the same, s."""
CHANCE = 5e-3
"""Outages elsewhere that are no likelier than this to come together with one here by chance explain it."""
SOON_S, LATER_S = 5.0, 60.0
"""Seconds between two looks at the others, in the first minutes and afterwards."""
PATIENCE_S = 1200.0
"""How long after an outage others are still looked for: meters tell every few minutes, s."""


class Neighbourhood(Detector[PowerReading | PowerStatus]):
    """Compares the moment at which this site's grid failed with the moments at other sites.

    One site nearby is enough. One whose distance is unknown, or several anywhere, must be more than what chance brings
    together at the rate at which sites have lost their grid lately. It explains what the site's own power says and
    nothing else: thieves cut a neighbourhood's grid, too, and whatever they do there counts in full.
    """

    name = "power.neighbourhood"
    title = "neighbourhood without power"
    domain = "power"
    sort = "definite"
    stage = "supply"
    reads = ("power.reading", "power.status")
    scope = "site"
    rate = 0.01
    hit = 0.01
    explains = (
        "power.transfer",
        "power.on_battery",
        "power.mains_loss",
        "power.feed_lost",
        "power.quality",
        "power.load",
        "power.silence",
        "power.ups_dying",
        "alarm.mains",
    )

    def __init__(self) -> None:
        self.told = 0.0
        """The outage that was explained last, by its time."""

    def learn_one(self, event: PowerReading | PowerStatus, scene: Scene) -> None:
        voltage: float | None = getattr(event, "voltage", None)
        status: Sequence[str] = getattr(event, "status", ())
        if "OB" in status or (voltage is not None and voltage < DEAD_VOLTAGE):
            self.wake = min(self.wake, scene.clock)

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        grid = scene.grid
        waited = now - grid.clock
        self.wake = inf
        if self.told == grid.at or waited > PATIENCE_S:
            return []
        others = same(grid, scene)
        if not others:
            self.wake = max(now + (SOON_S if waited < 120.0 else LATER_S), grid.clock + DELAY_S + 1.0)
            return []
        self.told = grid.at
        return [_sign(grid, scene, others)]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _outage(0)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _outage(5000)


def _outage(start: int) -> Iterable[Row]:
    for t, voltage in ((start, 230.0), (start + 180, 0.2)):
        row: Row = {"t": t, "type": "power.reading", "device": "m", "feed": "grid-a", "voltage": voltage}
        yield row | {"frequency": 50.0 if voltage else 0.0}
    yield from ({"tick": t} for t in range(start + 181, start + 1500, 30))


def same(grid: Grid, scene: Scene) -> list[Outage]:
    """Return the other sites' outages that belong to this one, if they are enough to explain it."""
    together, past = [], 0
    for other in scene.elsewhere.outages():
        if other.since - TOGETHER_S > grid.at or grid.since - TOGETHER_S > other.at:
            past += 1
        else:
            together.append(other)
    near = [other for other in together if (away := distance(other, scene)) is not None and away <= NEAR_KM]
    if near:
        return near
    # A single site that is known to be far away explains nothing.
    sites = len({other.site for other in together})
    if sites < 2 and not any(distance(other, scene) is None for other in together):
        return []
    span = min(max(scene.age(), 86400.0), 7 * 86400.0)
    expected = (past + 1) / span * (grid.at - grid.since + 2 * TOGETHER_S)
    by_chance = 1.0 - exp(-expected) * (1.0 if sites == 1 else 1.0 + expected)
    return together if by_chance < CHANCE else []


def distance(other: Outage, scene: Scene) -> float | None:
    """Return how far away another site is, km; None when either's place is not declared."""
    return None if scene.place is None or other.place is None else km(scene.place, other.place)


def _sign(grid: Grid, scene: Scene, others: list[Outage]) -> Sign:
    # One incident is enough for all of them: that of the site that noticed first.
    first = (grid.clock, scene.elsewhere.site) < min((one.clock, one.site) for one in others)
    sites = sorted({other.site for other in others})
    named = ", ".join(sites[:3]) + (f" and {len(sites) - 3} more" if len(sites) > 3 else "")
    numbers: Row = {"sites": sites[:20], "failed": grid.at, "first": first}
    known = [away for other in others if (away := distance(other, scene)) is not None]
    numbers["nearest_km"] = round(min(known), 1) if known else None
    summary = f"The power failed in the neighbourhood and not here alone: also at {named}."
    return Sign(0.9, summary, numbers, "", f"{grid.at:.0f}", opens=first)
