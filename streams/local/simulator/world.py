"""Many sites over many days, as one stream of records in order of arrival."""

from collections.abc import Iterator, Sequence
from datetime import date
from heapq import merge
from operator import itemgetter

import msgspec

from streams.local.simulator import build, bulletins, mishaps
from streams.local.simulator.calendar import Day, stamp
from streams.local.simulator.devices import Event
from streams.local.simulator.life import camera, indoors, outbound, panel, power, radio
from streams.local.simulator.scenarios import Label, Part, Scenario, find
from streams.local.simulator.site import Site
from streams.local.simulator.wire import Sent, Wire, clock
from streams.telemetry.recording import Line


class World:
    """The simulated estate. The same arguments give the same bytes; `lines` can be read once.

    `labels` and the counters are complete when `lines` has been read to its end.
    """

    def __init__(self, seed: int, sites: int, days: int, start: date, parts: Sequence[Part] = ()) -> None:
        self.seed, self.days, self.start = seed, days, start
        self.sites = build.sites(seed, sites)
        self.labels: list[Label] = []
        self.wires = {site.id: Wire(site) for site in self.sites}
        self._cast: dict[str, list[tuple[int, Scenario, float | None]]] = {site.id: [] for site in self.sites}
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
        """Find the site and the day of a scenario; by default two thirds through the recording."""
        scenario = find(part.scenario)
        known = {site.id: site for site in self.sites}
        site = known.get(part.site or self.sites[0].id)
        if site is None:
            raise ValueError(f"there is no site {part.site}; this seed's sites are {', '.join(known)}")
        days = [site.day(number, self.start) for number in range(self.days)]
        if part.at is not None:
            fitting = [day.number for day in days if day.start <= part.at < day.end]
            if not fitting:
                raise ValueError(f"{stamp(part.at)} is outside of the recording of {self.days} days from {self.start}")
        else:
            wanted = self.days * 2 // 3
            fitting = sorted(
                (day.number for day in days if scenario.fits(site, day)), key=lambda one: abs(one - wanted)
            )
            if not fitting:
                raise ValueError(f"{part.scenario} finds no day at {site.id} ({scenario.needs}); choose another site")
        self._cast[site.id].append((fitting[0], scenario, part.at))

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
        following = site.day(day.number + 1, self.start)
        outbound.live(site, day, following.opening)
        indoors.live(site, day)
        for number, scenario, at in self._cast[site.id]:
            if number == day.number:
                rng = site.rng(f"scenario/{scenario.name}")
                start = scenario.when(day, rng) if at is None else at
                self.labels.append(scenario.play(site, day, start, rng).named(scenario, site))
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
        clock([*site.radios, *site.cameras, *site.readers.values()])
        return events
