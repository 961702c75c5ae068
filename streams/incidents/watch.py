"""The watch over one site: events in event-time order past its detectors, their signs into its case.

Everything here is a function of what came in: the arrivals of each slice, the ticks and the control records.
"""

from hashlib import blake2b
from heapq import heappop, heappush
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from detectors.bank import catalogue
from detectors.base import Detector, Sign
from detectors.scene import Registry, Scene
from detectors.state import dump, fill
from streams.incidents.case import Case
from streams.incidents.maintenance import Window
from streams.incidents.model import Finding, Output, moment
from streams.incidents.sequence import Tracker
from streams.telemetry.control import Maintenance, SiteProfile, Verdict
from streams.telemetry.decode import LANES, Arrival

HOLD_S = 2.0
"""How long an event waits for earlier ones, s."""
MOST_DEVICES = 5000
"""Devices a site may have before the least recently heard are forgotten."""
LOUDER = 0.15
"""How much surer a repeated sign must be to be a finding again."""

KINDS = {kind: tag for lane in LANES.values() for tag, kind in lane.types.items()}
AnyDetector = Detector[Any]


class Stats:
    """What went past, for metrics and reports.

    Attributes
    ----------
    events, duplicates, late, forgotten
        Objects judged, dropped as repeats, judged out of order; devices forgotten for lack of room.
    """

    def __init__(self) -> None:
        self.events = 0
        self.duplicates = 0
        self.late = 0
        self.forgotten = 0


class Timer:
    """A detector that time wakes, and when it was last put down to be woken, Unix seconds."""

    __slots__ = ("at", "detector", "owner")

    def __init__(self, owner: str, detector: AnyDetector) -> None:
        self.owner = owner
        self.detector = detector
        self.at = inf

    @property
    def name(self) -> tuple[str, str]:
        """Detector and device: the order in which those are woken that wake at once."""
        return self.detector.name, self.owner


class Watch:
    """One site's detectors, scene and case.

    Parameters
    ----------
    site
        The site's id.
    registry
        What is known beyond the site.
    stats
        Where what went past is counted.

    Attributes
    ----------
    due
        When time alone will show or release something, Unix seconds; `inf` for never.
    """

    def __init__(self, site: str, registry: Registry, stats: Stats) -> None:
        self.site = site
        self.stats = stats
        self.clock = -inf
        self.due = inf
        self.scene = Scene(registry)
        self.case = Case(site)
        self.profile: SiteProfile | None = None
        self.windows: dict[str, Maintenance] = {}
        self.held: list[tuple[float, Arrival]] = []
        self.oldest = inf
        self.released = -inf
        self.trackers: dict[str, Tracker] = {}
        self.detectors: dict[tuple[str, str], AnyDetector] = {}
        self.steps: dict[tuple[str, str], tuple[tuple[AnyDetector, Timer | None], ...]] = {}
        self.timers: dict[tuple[str, str], Timer] = {}
        self.alarms: list[tuple[float, tuple[str, str]]] = []
        self.told: dict[tuple[str, str, str], tuple[float, float]] = {}
        self.out: list[Output] = []

    # -- what comes in ---------------------------------------------------------------------------------------------

    def advance(self, clock: float, arrivals: list[Arrival], complete: bool) -> list[Output]:
        """Pass every due second up to `clock`, then take the slice that arrived by then; returns what was decided."""
        if self.clock == -inf:
            self.scene.first = self.case.born = clock
            self.clock = clock
        clock = max(clock, self.clock)
        while complete and self.due <= clock - 1.0:
            self._run(max(float(-(-self.due // 1.0)), self.clock), True)
        self.clock = clock
        if arrivals:
            self.scene.heard = clock
            self._hold(arrivals)
        if self.due <= clock:
            self._run(clock, complete)
        out, self.out = self.out, []
        return out

    def declare(self, profile: SiteProfile) -> None:
        """Take what the site declares of itself."""
        self.profile = profile
        self.scene.zone = ZoneInfo(profile.timezone or "UTC")
        spans = None
        if profile.opening_hours is not None:
            spans = [(span.days, span.start, span.end) for span in profile.opening_hours]
        self.scene.hours.declare(spans)
        self.scene.intervals = {d.device: d.interval_s for d in profile.devices or () if d.interval_s is not None}
        self._replan()

    def maintain(self, key: str, record: Maintenance | None) -> None:
        """Take announced work, or drop it."""
        if record is None:
            self.windows.pop(key, None)
        else:
            self.windows[key] = record
        self._replan()

    def judge(self, verdict: Verdict, clock: float) -> list[Output]:
        """Take an analyst's verdict."""
        clock = max(clock, self.clock)
        changes = self.case.verdict(verdict.incident, verdict.verdict, clock)
        return [Output(clock, event, body) for event, body in changes]

    def _hold(self, arrivals: list[Arrival]) -> None:
        held, clock, oldest = self.held, self.clock, self.oldest
        for arrival in arrivals:
            at = arrival.time
            if at > clock:
                at = clock
            if at < oldest:
                oldest = at
            held.append((at, arrival))
        self.oldest = oldest
        self.due = min(self.due, oldest + HOLD_S)

    # -- one second ------------------------------------------------------------------------------------------------

    def _run(self, now: float, complete: bool) -> None:
        self.clock = now
        self.scene.clock = now
        if self.oldest <= now - HOLD_S:
            for _, arrival in self._release(now - HOLD_S):
                self._take(arrival)
        alarms = self.alarms
        if complete and alarms and alarms[0][0] <= now:
            self._wake(now)
        for event, body in self.case.decide(now):
            self.out.append(Output(now, event, body))
        self.due = min(self.case.due(), self.oldest + HOLD_S, alarms[0][0] if alarms else inf)

    def _release(self, until: float) -> list[tuple[float, Arrival]]:
        held, self.held, self.oldest = self.held, [], inf
        ready = []
        for entry in held:
            if entry[0] <= until:
                ready.append(entry)
            else:
                self.held.append(entry)
                self.oldest = min(self.oldest, entry[0])
        if len(ready) > 1:
            ready.sort(key=_order)
        if ready[0][0] < self.released:
            self.stats.late += sum(entry[0] < self.released for entry in ready)
        self.released = max(self.released, ready[-1][0])
        return ready

    def _wake(self, now: float) -> None:
        """Tick the detectors whose time has come, in the order of their names."""
        ripe = []
        while self.alarms and self.alarms[0][0] <= now:
            at, name = heappop(self.alarms)
            timer = self.timers.get(name)
            if timer is not None and timer.at == at:
                timer.at = inf
                ripe.append(timer)
        ripe.sort(key=lambda timer: timer.name)
        for timer in ripe:
            detector = timer.detector
            if detector.wake <= now:
                self.scene.time = now
                for sign in detector.tick(now, self.scene):
                    self._note(detector, sign, sign.device or self.site, now)
                if detector.wake <= now:
                    raise RuntimeError(f"{detector.name} was woken at {now} and wants to wake at {detector.wake}")
            self._set(timer)

    def _set(self, timer: Timer) -> None:
        """Put a timer down for when its detector wants to be woken, unless it is woken earlier already."""
        if timer.detector.wake < timer.at:
            timer.at = timer.detector.wake
            heappush(self.alarms, (timer.at, timer.name))

    def _take(self, arrival: Arrival) -> None:
        event, at = arrival.event, arrival.time
        device = event.device
        tracker = self.trackers.get(device)
        if tracker is None:
            tracker = self._meet(device)
        if event.sequence is not None and tracker.repeats(event.sequence, at):
            self.stats.duplicates += 1
            return
        self.stats.events += 1
        tracker.seen = self.clock
        scene = self.scene
        scene.time = at
        kind = KINDS[type(event)]
        steps = self.steps.get((kind, device))
        if steps is None:
            steps = self._equip(kind, device)
        for detector, timer in steps:
            sign = detector.step(event, scene)
            if sign is not None:
                self._note(detector, sign, sign.device or device, at)
            if timer is not None and detector.wake < timer.at:
                self._set(timer)
        scene.learn_one(kind, event)

    # -- detectors and findings ------------------------------------------------------------------------------------

    def _meet(self, device: str) -> Tracker:
        if len(self.trackers) >= MOST_DEVICES:
            oldest = min(self.trackers, key=lambda name: (self.trackers[name].seen, name))
            self._forget(oldest)
        tracker = self.trackers[device] = Tracker()
        return tracker

    def _forget(self, device: str) -> None:
        self.stats.forgotten += 1
        del self.trackers[device]
        for key in [key for key in self.detectors if key[1] == device]:
            del self.detectors[key]
            self.timers.pop(key, None)
        for key in [key for key in self.steps if key[1] == device]:
            del self.steps[key]

    def _equip(self, kind: str, device: str) -> tuple[tuple[AnyDetector, Timer | None], ...]:
        owned = ((cls, device if cls.scope == "device" else "") for cls in catalogue() if kind in cls.reads)
        steps = tuple((self._detector(cls, owner), self.timers.get((cls.name, owner))) for cls, owner in owned)
        self.steps[(kind, device)] = steps
        return steps

    def _detector(self, cls: type[AnyDetector], owner: str) -> AnyDetector:
        key = (cls.name, owner)
        found = self.detectors.get(key)
        if found is None:
            found = self.detectors[key] = cls()
            if cls.tick is not Detector.tick:
                self.timers[key] = Timer(owner, found)
        return found

    def _note(self, detector: AnyDetector, sign: Sign, device: str, at: float) -> None:
        kind = type(detector)
        name = (kind.name, device, sign.key)
        last = self.told.get(name)
        if last is not None and abs(self.clock - last[0]) < kind.repeat_s and sign.score < last[1] + LOUDER:
            self.case.prolong(*name, self.clock)
            return
        if len(self.told) > 2000:
            self.told = {key: value for key, value in self.told.items() if self.clock - value[0] < 86400.0}
        self.told[name] = (self.clock, sign.score)
        seed = f"{self.site}|{kind.name}|{device}|{sign.key}|{at:.3f}|{sign.score:.3f}"
        finding = Finding(
            id=blake2b(seed.encode(), digest_size=10).hexdigest(),
            site=self.site,
            device=device,
            domain=kind.domain,
            detector=kind.name,
            time=moment(at),
            score=round(sign.score, 4),
            summary=sign.summary,
            evidence=sign.evidence,
        )
        self.out.append(Output(self.clock, "finding", finding))
        explained = self.scene.maintained(kind.domain, device, at) or any(
            self.case.seen(name, self.clock, 4 * 3600.0) for name in kind.explained_by
        )
        self.case.weigh(kind, finding, sign.key, self.clock, explained, self.scene.open(at))

    def _replan(self) -> None:
        self.scene.works = [Window(record, self.scene.zone) for record in self.windows.values()]

    # -- snapshots -------------------------------------------------------------------------------------------------

    def freeze(self) -> dict[str, Any]:
        """The whole state as plain data."""
        return {
            "plain": dump(self, ("clock", "released", "told", "trackers")),
            "case": dump(self.case),
            "scene": self.scene.freeze(),
            "detectors": [[name, owner, dump(found)] for (name, owner), found in self.detectors.items()],
            "held": [[at, arrival] for at, arrival in self.held],
            "profile": self.profile,
            "windows": self.windows,
        }

    def thaw(self, state: dict[str, Any]) -> None:
        """Take back a state; detectors that are no longer there are left out, new ones start cold."""
        fill(self, state["plain"])
        fill(self.case, state["case"])
        known = {cls.name: cls for cls in catalogue()}
        for name, owner, data in state["detectors"]:
            if name in known:
                fill(self._detector(known[name], owner), data)
        for timer in self.timers.values():
            self._set(timer)
        self.held = state["held"]
        self.oldest = min((at for at, _ in self.held), default=inf)
        if state["profile"] is not None:
            self.declare(state["profile"])
        self.windows = state["windows"]
        self._replan()
        self.scene.thaw(state["scene"])
        self.due = min(self.case.due(), self.oldest + HOLD_S, self.alarms[0][0] if self.alarms else inf)


def _order(entry: tuple[float, Arrival]) -> tuple[float, int, str, int, str]:
    at, arrival = entry
    event = arrival.event
    return at, arrival.rank, event.device, -1 if event.sequence is None else event.sequence, KINDS[type(event)]
