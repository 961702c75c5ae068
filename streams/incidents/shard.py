"""All sites of one partition, or of a whole recording: slices in, decisions out.

`advance` is the one function that the stream and the backtest share. What it answers depends on the slices alone:
records between two ticks, in whatever order they were fetched.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import ceil, floor, inf
from operator import attrgetter, itemgetter

from mypy_extensions import mypyc_attr

from detectors.elsewhere import DELAY_S
from streams.incidents import frozen
from streams.incidents.agenda import Agenda
from streams.incidents.census import Census, count
from streams.incidents.drill import Drill, over
from streams.incidents.model import Fact, Output
from streams.incidents.peers import Peers
from streams.incidents.registry import Registry
from streams.incidents.stats import Stats
from streams.incidents.watch import Watch
from streams.telemetry.control import Control, Forget, Item, Maintenance, Record, Said, SiteProfile, is_drill
from streams.telemetry.control import Watch as Watched
from streams.telemetry.decode import Arrival

_order = attrgetter("clock", "body.site")


@mypyc_attr(allow_interpreted_subclasses=True)
class Shard:
    """The watches over all sites of one partition.

    Parameters
    ----------
    registry
        What is known beyond the sites; shards of one process may share it.
    peers
        Who computes a recording's other sites.
    """

    def __init__(self, registry: Registry, peers: Peers | None = None) -> None:
        self.registry = registry
        self.peers = peers
        self.stats = Stats()
        self.clock = -inf
        self._watches: dict[str, Watch] = {}
        self._agenda = Agenda()
        self._dirty: set[str] = set()
        self._profiles: dict[str, SiteProfile] = {}
        self._works: dict[str, dict[str, Maintenance]] = {}
        self._owners: dict[str, str] = {}

    def advance(
        self, clock: float, arrivals: list[Arrival], controls: list[Control], complete: bool = True
    ) -> list[Output]:
        """Pass the time up to `clock`, take the control records, then the slice that arrived by then.

        Parameters
        ----------
        clock
            Arrival clock, Unix seconds; an earlier one than before counts as the same.
        arrivals
            The slice's valid objects, in any order.
        controls
            The slice's control records, in log order, and facts in any: they know when they take effect.
        complete
            Whether nothing more is known to be waiting; only then does silence count.
        """
        before, self.clock = self.clock, float(max(clock, self.clock))
        clock = self.clock
        for fact in (control for control in controls if isinstance(control, Fact)):
            self.registry.facts.take(fact)
        out = self._pass(clock) if complete and before > -inf else []
        for control in controls:
            if not isinstance(control, Fact):
                out += self._control(control, clock)
        groups: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            groups.setdefault(arrival.event.site, []).append(arrival)
        out += self._take(clock, groups, complete)
        out.sort(key=_order)
        self.registry.facts.sweep(clock)
        return out

    def stretch(self, slices: Sequence[tuple[float, list[Arrival]]]) -> list[Output]:
        """Answer what `advance` answers to complete slices, (clock, arrivals), without control records, in succession.

        No site hears of another within `DELAY_S`, so each goes through the slices of so long at one go.
        """
        out: list[Output] = []
        start = 0
        while start < len(slices):
            clock = slices[start][0]
            reach = self._reach(min(self.due(), clock))
            if reach < clock:
                out += self._take(min(reach, ceil(clock) - 1.0), {}, True)
                continue
            end = bisect_right(slices, reach, start, key=itemgetter(0))
            out += self._stride(slices[start:end])
            start = end
        out.sort(key=_order)
        self.registry.facts.sweep(self.clock)
        return out

    def _stride(self, slices: Sequence[tuple[float, list[Arrival]]]) -> list[Output]:
        """Bring each site through slices in which none hears of another."""
        last = self.clock = slices[-1][0]
        groups: dict[str, dict[float, list[Arrival]]] = {}
        for clock, arrivals in slices:
            for arrival in arrivals:
                groups.setdefault(arrival.event.site, {}).setdefault(clock, []).append(arrival)
        for site in self._agenda.ripe(last):
            groups.setdefault(site, {})
        out: list[Output] = []
        for site in sorted(groups):
            for clock, some in groups[site].items():
                out += self._bring(site, clock, some, True)
            if site in self._watches and self._watches[site].due <= last:
                out += self._bring(site, last, [], True)
            self._schedule(site)
        return out

    def _pass(self, clock: float) -> list[Output]:
        """Let the whole seconds before `clock` pass, by strides in which no site's facts take effect at another."""
        out: list[Output] = []
        last = ceil(clock) - 1.0
        while self.due() <= last:
            out += self._take(min(self._reach(self.due()), last), {}, True)
        if self.peers is not None:
            self.peers.horizon(clock)
        return out

    def _reach(self, soonest: float) -> float:
        """Return how far the sites may go, each for itself, from the moment at which the first does something."""
        reach = floor(soonest) + DELAY_S
        return reach if self.peers is None else min(reach, self.peers.horizon(soonest))

    def _take(self, clock: float, groups: dict[str, list[Arrival]], complete: bool) -> list[Output]:
        """Bring the sites that something came of, and those whose time has come, up to `clock`."""
        for site in self._agenda.ripe(clock):
            if self._watches[site].due <= clock:
                groups.setdefault(site, [])
            else:
                self._schedule(site)
        out: list[Output] = []
        for site in sorted(groups) if len(groups) > 1 else groups:
            out += self._bring(site, clock, groups[site], complete)
        return out

    def _bring(self, site: str, clock: float, arrivals: list[Arrival], complete: bool) -> list[Output]:
        """Bring one site up to `clock`."""
        watch = self._watch(site)
        told = watch.advance(clock, arrivals, complete)
        if told:
            self._spread(told)
        if isinstance(watch, Drill) and watch.over:
            return told + self._dismiss(site, watch, clock)
        self._agenda.note(site, watch.due)
        return told

    def _dismiss(self, site: str, watch: Drill, clock: float) -> list[Output]:
        """Let a drill's shadow be gone, with all that was known of it."""
        self._dirty.add(site)
        self._agenda.drop(site)
        self._profiles.pop(site, None)
        del self._watches[site]
        return watch.dismiss(clock)

    def _spread(self, outputs: list[Output]) -> None:
        """Let the other sites know."""
        for output in outputs:
            if isinstance(output.body, Fact):
                self.registry.facts.take(output.body)
                if self.peers is not None:
                    self.peers.tell(output.body)

    def due(self) -> float:
        """Earliest time at which `advance` without arrivals may do something, Unix seconds; `inf` for never."""
        return self._agenda.due()

    def sites(self) -> Iterable[str]:
        """Name the sites that were heard of."""
        return self._watches.keys()

    def watch(self, site: str) -> Watch | None:
        """Return the watch over a site, for those who show its state."""
        return self._watches.get(site)

    def reset(self, site: str, device: str = "") -> None:
        """Forget what was learnt of a site, or of one of its devices; its open incident goes on."""
        if site in self._watches:
            self._watch(site).relearn(device)
            self._schedule(site)

    def census(self) -> Census:
        """Count who is there and who is silent by now."""
        return count(self._watches, self.clock)

    def take_dirty(self) -> set[str]:
        """Name the sites that changed since the last call."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    def freeze(self, site: str) -> bytes:
        """Pack a site's whole state, events still held back included; empty for one that is there no more."""
        watch = self._watches.get(site)
        return frozen.freeze(watch) if watch is not None else b""

    def seed(self, site: str, blob: bytes) -> None:
        """Take in a drill's shadow with the life it has lived; no other site is ever touched. See `thaw`."""
        if is_drill(site) and site not in self._watches:
            self.thaw(site, blob)
            self._dirty.add(site)

    def thaw(self, site: str, blob: bytes) -> None:
        """Take back a site's state.

        Raises `frozen.UnreadableError` when it is damaged or of an unknown format; the site then starts cold.
        """
        watch = over(site, self.registry, self.stats)
        frozen.thaw(watch, blob)
        self._watches[site] = watch
        if watch.profile is not None:
            self._profiles[site] = watch.profile
        for key, record in watch.works.records.items():
            self._works.setdefault(site, {})[key] = record
            self._owners[key] = site
        self._schedule(site)

    def _schedule(self, site: str) -> None:
        """Note when a site wants to be woken, unless it will be woken earlier already."""
        if site in self._watches:
            self._agenda.note(site, self._watches[site].due)

    def _watch(self, site: str) -> Watch:
        self._dirty.add(site)
        watch = self._watches.get(site)
        if watch is None:
            watch = self._watches[site] = over(site, self.registry, self.stats)
            if site in self._profiles:
                watch.declare(self._profiles[site])
            for key, record in self._works.get(site, {}).items():
                watch.maintain(key, record)
        return watch

    def _control(self, control: Record | Forget, clock: float) -> list[Output]:
        if isinstance(control, Said):
            return self._say(control, clock)
        match control:
            case SiteProfile():
                self._declare(control)
            case Maintenance():
                self._maintain(control.site, control.id, control, clock)
            case Item():
                self.registry.register(control)
            case Watched():
                self.registry.watch(control)
            case Forget(topic, key):
                return self._forget(topic, key, clock)
        return []

    def _forget(self, topic: str, key: str, clock: float) -> list[Output]:
        watch = self._watches.get(key)
        if topic == "control.maintenance" and key in self._owners:
            self._maintain(self._owners[key], key, None, clock)
        elif topic == "control.sites" and isinstance(watch, Drill):
            return self._dismiss(key, watch, clock)
        elif topic == "control.sites" and key in self._profiles:
            self._declare(SiteProfile(site=key))
        else:
            self.registry.forget(topic, key)
        return []

    # Control records are about sites of all partitions: what is said of one waits until it is heard here.
    def _declare(self, profile: SiteProfile) -> None:
        self._profiles[profile.site] = profile
        if profile.site in self._watches:
            self._watch(profile.site).declare(profile)

    def _maintain(self, site: str, key: str, record: Maintenance | None, clock: float) -> None:
        works = self._works.setdefault(site, {})
        if record is None:
            works.pop(key, None)
            del self._owners[key]
        else:
            works[key] = record
            self._owners[key] = site
        if site in self._watches:
            self._watch(site).maintain(key, record, clock)
            self._schedule(site)

    def _say(self, record: Said, clock: float) -> list[Output]:
        if record.site not in self._watches:
            return []
        told = self._watch(record.site).hear(record, clock)
        self._spread(told)
        self._schedule(record.site)
        return told
