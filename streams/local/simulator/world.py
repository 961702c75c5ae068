"""Many sites over many days, as one stream of records in order of arrival."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from heapq import merge
from operator import itemgetter
from random import Random
from typing import NamedTuple

import msgspec

from streams.local.simulator import build, bulletins, mishaps
from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day, stamp
from streams.local.simulator.devices import Event
from streams.local.simulator.life import camera, indoors, oddly, outbound, panel, power, radio
from streams.local.simulator.scenarios import Label, Part, Scenario, find
from streams.local.simulator.site import Site
from streams.local.simulator.wire import Sent, Wire, clock
from streams.telemetry.recording import Line

Act = Callable[[Day], Label | None]


class Silence(NamedTuple):
    """A device that says nothing for a while: its rhythm in seconds, Unix seconds of its last report and of its end."""

    site: str
    device: str
    interval: float
    last: float
    end: float


class World:
    """The simulated estate. The same arguments give the same bytes; `lines` can be read once.

    `labels` and the counters are complete when `lines` has been read to its end; a label is there before the first
    line of its day. Sparse sites have few devices that speak seldom; `first` is the index of the first site.
    """

    def __init__(
        self, seed: int, sites: int, days: int, start: date, parts: Sequence[Part] = (), *,
        sparse: bool = False, first: int = 0,
    ) -> None:  # fmt: skip
        self.seed, self.days, self.start = seed, days, start
        self.sites = build.sites(seed, sites, sparse, first)
        self.labels: list[Label] = []
        self.starts: list[float] = []
        """When the scenarios begin, Unix seconds, in the order of the parts."""
        self.silences: list[Silence] = []
        """Single devices that fell silent, for who wants to know how soon it is noticed."""
        self.wires = {site.id: Wire(site) for site in self.sites}
        self._cast: dict[str, list[tuple[int, Act]]] = {site.id: [] for site in self.sites}
        self._site_days = 0
        for part in parts:
            self._engage(part)

    @property
    def objects(self) -> int:
        """Telemetry objects sent so far, duplicates not counted."""
        return sum(wire.objects for wire in self.wires.values())

    @property
    def lived(self) -> float:
        """How many days have been lived through so far."""
        return self._site_days / len(self.sites)

    @property
    def spoilt(self) -> int:
        """Those among them that the contract refuses."""
        return sum(wire.spoilt for wire in self.wires.values())

    def lines(self) -> Iterator[Line]:
        """Live through all days; holds one day of every site in memory."""
        for number, sent in enumerate(merge(*(self._site(site) for site in self.sites), key=itemgetter(0)), 1):
            yield sent.line(number)

    def _engage(self, part: Part) -> None:
        """Find the site and the day of a scenario."""
        scenario = find(part.scenario)
        known = {site.id: site for site in self.sites}
        site = known.get(part.site or self.sites[0].id)
        if site is None:
            raise ValueError(f"there is no site {part.site}; this seed's sites are {', '.join(known)}")
        if len(self.sites) < scenario.sites:
            raise ValueError(f"{part.scenario} takes {scenario.sites} sites")
        rng = site.rng(f"scenario/{scenario.name}")
        if part.at is not None:
            day, start = self._on(site, part.at), part.at
        else:
            day = self._fitting(site, scenario, self.days * 2 // 3 if part.day is None else part.day)
            start = scenario.when(day, rng)
        self.starts.append(start)
        self._cast[site.id].append((day.number, partial(self._play, scenario, site, start, rng)))
        for other in self.sites if scenario.elsewhere else ():
            if other is not site:
                act = partial(self._meanwhile, scenario, site, other, start)
                self._cast[other.id].append((self._on(other, start).number, act))

    def _on(self, site: Site, when: float) -> Day:
        days = [site.day(number, self.start) for number in range(self.days)]
        for day in days:
            if day.start <= when < day.end:
                return day
        raise ValueError(f"{stamp(when)} is outside of the recording of {self.days} days from {self.start}")

    def _fitting(self, site: Site, scenario: Scenario, wanted: int) -> Day:
        days = [site.day(number, self.start) for number in range(self.days)]
        fitting = [day for day in days if scenario.fits.holds(site, day) and scenario.only in (None, day.date)]
        if not fitting:
            needs = scenario.fits.words or f"it is of {scenario.only}"
            raise ValueError(f"{scenario.name} finds no day at {site.id} ({needs}); choose another site")
        return min(fitting, key=lambda day: abs(day.number - wanted))

    def _play(self, scenario: Scenario, site: Site, start: float, rng: Random, day: Day) -> Label:
        if scenario.fits.empty and scenario.kind == "attack":
            site.desert(start)
        return scenario.play(site, day, start, rng).named(scenario, site)

    def _meanwhile(self, scenario: Scenario, site: Site, other: Site, start: float, day: Day) -> Label | None:
        assert scenario.elsewhere
        label = scenario.elsewhere(site, other, day, start, other.rng(f"meanwhile/{scenario.name}"))
        return label.named(scenario, other) if label else None

    def _site(self, site: Site) -> Iterator[Sent]:
        wire = self.wires[site.id]
        for number in range(self.days):
            day = site.day(number, self.start)
            events = self._live(site, day)
            self._site_days += 1
            arrived = wire.deliver(events, day)
            told = [one for one in site.bulletins if one[0] < day.end]
            site.bulletins = [one for one in site.bulletins if one[0] >= day.end]
            arrived += [
                Sent(round(when, 3), topic, key.encode(), msgspec.json.encode(body)) for when, topic, key, body in told
            ]
            arrived.sort(key=itemgetter(0))
            yield from arrived
            site.spells.prune(day.start - 2 * 86400)
        yield from wire.rest()

    def _live(self, site: Site, day: Day) -> list[Event]:
        if day.number == 0:
            bulletins.first(site, day)
        mishaps.plan(site, day)
        oddly.live(site, day)
        day = site.day(day.number, self.start)
        following = site.day(day.number + 1, self.start)
        outbound.live(site, day, following.opening)
        indoors.live(site, day)
        for number, act in self._cast[site.id]:
            if number == day.number:
                label = act(day)
                self.labels += [label] if label else []
                day = site.day(number, self.start)  # People may work longer now.
        power.consequences(site, day)
        panel.live(site, day)
        events: list[Event] = []
        power.live(site, day, events)
        radio.live(site, day, events)
        camera.live(site, day, events)
        events += [event for event in site.pending if event[0] < day.end]
        site.pending = [event for event in site.pending if event[0] >= day.end]
        events.sort(key=itemgetter(0))
        self.silences += _silences(site, day)
        clock([*site.radios, *site.cameras, *site.readers.values()])
        return events


def _silences(site: Site, day: Day) -> Iterator[Silence]:
    """Find the devices that fall silent today for no reason that the whole site shares."""
    whole = [*site.spells.of(on.WAN, day.start, day.end), *site.spells.of(on.FEED_DEAD, day.start, day.end)]
    for device in (*site.meters, *site.radios, *site.cameras, site.recorder, *site.paths):
        for spell in site.spells.of(on.SILENT, day.start, day.end, device.name):
            if spell.start < day.start or any(one.start < spell.end and one.end > spell.start for one in whole):
                continue
            rounds = -(-(device.due - spell.start) // device.interval)
            yield Silence(site.id, device.name, device.interval, device.due - rounds * device.interval, spell.end)
