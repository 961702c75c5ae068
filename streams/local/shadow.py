"""A drill's shadow: a made-up site with a past of some days, which is attacked at a moment of our choosing."""

import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from math import ceil
from typing import Any, Literal

import msgspec

from streams.incidents.model import Severity
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.local.simulator.scenarios import Label, Part, find
from streams.local.simulator.world import World
from streams.telemetry.control import DRILL, Policy, SiteProfile
from streams.telemetry.decode import TOPICS, Arrival, decode
from streams.telemetry.recording import Line

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_START = date(2026, 11, 16)
LONGEST_NAME = 32


class ShadowError(Exception):
    """There can't be such a drill; the message says why."""


class Shadow:
    """The life of a simulated site, moved in time, renamed and marked.

    It is as open and as busy at its own hours as any site: those hours lie so that the attack's fall on now. Nobody's
    goods, watch lists and announced work are part of it.

    Parameters
    ----------
    site
        The site that it stands for; the same one gets the same life each time.
    scenario
        The attack's name.
    begins
        When the attack is to begin, Unix seconds.
    days
        How many days it has lived before.
    policy
        The site's.
    mode
        Whether the drill's incidents may page.
    """

    def __init__(
        self,
        site: str,
        scenario: str,
        begins: float,
        days: int,
        policy: Policy | None = None,
        mode: Literal["quiet", "paging"] = "quiet",
    ) -> None:
        self.name = f"{DRILL}{secrets.token_hex(3).upper()}-{site}"[:LONGEST_NAME].rstrip("-")
        self.profile = SiteProfile(site=self.name, policy=policy, drill=mode)
        self._world = _world(site, scenario, days)
        self._moved = begins - self._world.starts[0]
        self._lines = self._telemetry()
        self._next: Line | None = None
        self.under_way: dict[str, tuple[Severity, int]] = {}
        """The incident, if any, that everyday life had led to when the shadow came to now: its severity and pages."""

    @property
    def label(self) -> Label | None:
        """What is done to it, by its own old clock; known before the day of the attack. See `moved`."""
        return self._world.labels[0] if self._world.labels else None

    def moved(self, time: float) -> float:
        """Turn a moment of the simulation into one of now."""
        return time + self._moved

    def live(self, now: Callable[[], float]) -> bytes:
        """Live up to now, by the very code that watches sites, and return what was learnt of it, frozen."""
        shard, tick = Shard(Registry()), 0
        arrivals: list[Arrival] = []
        for line in self._until(now):
            at = line.received or 0.0
            if ceil(at) > tick:
                shard.advance(tick or at, arrivals, [] if tick else [self.profile])
                tick, arrivals = ceil(at), []
            arrivals += decode(TOPICS[line.topic], line.key, line.value, at)[0]
        shard.advance(tick, arrivals, [])
        watch = shard.watch(self.name)
        if watch is not None and watch.case.incident is not None:
            incident = watch.case.incident
            self.under_way[incident.name] = incident.severity, incident.pages
        return shard.freeze(self.name)

    def _until(self, now: Callable[[], float]) -> Iterator[Line]:
        for line in self._lines:
            if (line.received or 0.0) > now():
                self._next = line
                return
            yield line

    def lines(self) -> Iterator[Line]:
        """Yield what it says from then on, with the time at which each arrives."""
        if self._next is not None:
            yield self._next
        yield from self._lines

    def _telemetry(self) -> Iterator[Line]:
        from streams.telemetry.recording import clocked

        for clock, line in clocked(self._world.lines()):
            value = self._marked(line.value) if line.topic in TOPICS else None
            if value is not None:
                yield Line(line.topic, self.name.encode(), value, self.moved(clock), line.number)

    def _marked(self, value: bytes | None) -> bytes | None:
        """Rename and move what was said; None for what can't be read, which the simulator spoils on purpose."""
        try:
            said = msgspec.json.decode(value or b"")
            objects = [self._object(one) for one in (said if isinstance(said, list) else [said])]
        except (msgspec.MsgspecError, TypeError, ValueError, AttributeError):
            return None
        return msgspec.json.encode(objects if isinstance(said, list) else objects[0])

    def _object(self, given: dict[str, Any]) -> dict[str, Any]:
        by = timedelta(seconds=self._moved)
        moved = {
            name: datetime.fromisoformat(value) + by if isinstance(value, str) and _TIME.match(value) else value
            for name, value in given.items()
        }
        return {**moved, "site": self.name, "drill": True}


def _world(site: str, scenario: str, days: int) -> World:
    try:
        story = find(scenario)
    except ValueError as error:
        raise ShadowError(str(error)) from error
    if story.kind != "attack":
        raise ShadowError(f"{scenario} is no attack: `tocsin simulate --list` tells them apart")
    if story.sites > 1 or story.lasts > 1:
        takes = f"{story.sites} sites" if story.sites > 1 else f"{story.lasts} days"
        raise ShadowError(f"{scenario} takes {takes}, a drill has one site and some hours")
    seed = int.from_bytes(blake2b(site.encode(), digest_size=4).digest())
    try:
        # As many days as it takes to find one that fits, at the end of those to be lived before.
        return World(seed, 1, days + 7, _START, [Part(scenario, day=days)])
    except ValueError as error:
        raise ShadowError(f"{error}; or give it more --days") from error


def moment(at: float) -> datetime:
    """Unix seconds as a time."""
    return datetime.fromtimestamp(at, UTC)
