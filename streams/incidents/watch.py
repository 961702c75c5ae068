"""The watch over one site: events in event-time order past its detectors, their signs into its case.

Everything here is a function of what came in: the arrivals of each slice, the ticks and the control records.
"""

from math import inf
from typing import Any

from msgspec import msgpack

from detectors.bank import domains, explainers
from detectors.base import Sign
from detectors.scene import GOODS, Scene
from streams.incidents.case import EXPLAINED_S, Case, Change
from streams.incidents.crew import KINDS, AnyDetector, Crew
from streams.incidents.finding import finding
from streams.incidents.maintenance import Window
from streams.incidents.model import Incident, Output
from streams.incidents.registry import Registry
from streams.incidents.reorder import Held, Reorder
from streams.incidents.reporter import TELLING, Reporter
from streams.incidents.sequence import MOST_DEVICES, Tracker, least_recent
from streams.incidents.stats import Stats
from streams.incidents.view import View
from streams.incidents.weighing import louder
from streams.incidents.works import Works
from streams.telemetry.control import Maintenance, Said, SiteProfile, Verdict
from streams.telemetry.decode import Arrival

TAKEN_BACK_S = 1800.0
"""How old a finding may be that an explanation still takes back, s."""

ACROSS = frozenset(kind for kind in KINDS.values() if kind.startswith(GOODS))
"""What is reconciled across devices: by their own clocks, but not as if it came after its arrival, for a clock that
runs fast would part a pallet from its load."""

_CONTENT = msgpack.Encoder()


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
    lapse
        When time alone will change an incident, Unix seconds; `inf` for never.
    """

    def __init__(self, site: str, registry: Registry, stats: Stats) -> None:
        self.site = site
        self.stats = stats
        self.clock = -inf
        self.due = self.lapse = inf
        self.view = View(registry, site)
        self.scene = Scene(self.view, self.view)
        self.reporter = Reporter()
        self.case = Case(site)
        self.profile: SiteProfile | None = None
        self.works = Works()
        self.scene.works = self.works
        self.announced: list[Window] = []
        self.reorder = Reorder()
        self.trackers: dict[str, Tracker] = {}
        self.crew = Crew()
        self.told: dict[tuple[str, str, str], tuple[float, float]] = {}
        self.out: list[Output] = []

    # -- what comes in ---------------------------------------------------------------------------------------------

    def advance(self, clock: float, arrivals: list[Arrival], complete: bool) -> list[Output]:
        """Pass every due second up to `clock`, then take the slice that arrived by then; returns what was decided."""
        if self.clock == -inf:
            self.scene.first = self.case.born = clock
            self.clock = clock
        elif clock < self.clock:
            clock = self.clock
        while complete and self.due <= clock - 1.0:
            self._run(max(float(-(-self.due // 1.0)), self.clock), True)
        self.clock = clock
        if arrivals:
            held = self.reorder.hold(arrivals, clock)
            if held < self.due:
                self.due = held
        if self.due <= clock:
            self._run(clock, complete)
        return self._said()

    def declare(self, profile: SiteProfile) -> None:
        """Take what the site declares of itself."""
        self.profile = profile
        self.scene.declare(profile)
        self.works.move(self.scene.zone)

    def maintain(self, key: str, record: Maintenance | None, clock: float | None = None) -> None:
        """Take announced work, or drop it; without a clock it was announced before the site was heard of."""
        window = self.works.put(key, record, clock)
        if window is not None and clock is not None:
            self.announced.append(window)
            self.due = min(self.due, clock)

    def hear(self, record: Said, clock: float) -> list[Output]:
        """Take an analyst's verdict, what somebody did about an incident, or what became of a command."""
        clock = max(clock, self.clock)
        self.scene.clock = self.scene.time = clock
        if isinstance(record, Verdict):
            changes: list[Change] | None
            changes, lesson = self.case.verdict(record.incident, record.verdict, clock)
            if lesson is not None:
                self.out.append(Output(clock, "fact", self.reporter.taught(lesson, self.site, self.scene)))
        else:
            changes = self.case.hear(record, clock)
            self.stats.actions["unknown" if changes is None else "taken" if changes else "idle"] += 1
        for event, body in changes or ():
            self._tell(Output(clock, event, body))
        self.lapse = self.case.due()
        self.due = min(self.due, self.lapse)
        return self._said()

    # -- one second ------------------------------------------------------------------------------------------------

    def _run(self, now: float, complete: bool) -> None:
        self.clock = now
        scene, reorder, timers, case = self.scene, self.reorder, self.crew.timers, self.case
        scene.clock = self.view.clock = now
        while self.announced:
            self._consider(self.announced.pop(0), now)
        if reorder.due() <= now:
            ready, late = reorder.release(now)
            self.stats.late += late
            scene.heard = now
            self._take(ready)
            self.stats.tags, scene.dropped = self.stats.tags + scene.dropped, 0
        waking = timers.due()
        if complete and waking <= now:
            for detector in timers.ring(now):
                scene.time = now
                for sign in detector.tick(now, scene):
                    self._note(detector, sign, sign.device or self.site, now)
            waking = timers.due()
        scene.time = now
        if case.fresh or self.lapse <= now:
            if case.fresh:
                case.study(self.view.lessons(case.trust.heard))
                case.alertness = self.view.similar(case.detectors(now), domains())
            for event, body in case.decide(now, self.profile.policy if self.profile is not None else None):
                self._tell(Output(now, event, body))
            self.lapse = case.due()
        self.due = min(waking, reorder.due(), self.lapse)

    def coverage(self) -> dict[str, tuple[int, int]]:
        """Tell for each domain how many of the site's devices are live by now, and how many are known and warmed up."""
        return self.scene.presence.coverage(self.clock) | self.crew.coverage()

    def _said(self) -> list[Output]:
        out = self.out
        if out:
            self.out = []
        return out

    def _tell(self, output: Output) -> None:
        self.out.append(output)
        # What is said of an incident after its end is for people, and not for other sites.
        if isinstance(output.body, Incident) and (output.event == "closed" or output.body.closed is None):
            for fact in self.reporter.changed(output.body, self.site, self.scene):
                self.out.append(Output(output.clock, "fact", fact))

    def next(self) -> float:
        self.lapse = self.case.due()
        return min(self.lapse, self.reorder.due(), self.crew.timers.due())

    def _take(self, ready: list[Held]) -> None:
        scene, crew, trackers, clock, told = self.scene, self.crew, self.trackers, self.clock, 0
        for held, (at, _, event) in ready:
            device, sequence = event.device, event.sequence
            tracker = trackers.get(device)
            if tracker is None:
                tracker = self._meet(device)
            if tracker.repeats(sequence, at) if sequence is not None else tracker.echoes(_CONTENT.encode(event), at):
                self._drop(event, at)
                continue
            told += 1
            tracker.seen = clock
            kind = KINDS[type(event)]
            scene.time = held if kind in ACROSS else at
            steps = crew.steps[kind].get(device)
            if steps is None:
                steps = crew.equip(kind, device)
            ways, detectors = steps
            for number, detector in enumerate(detectors):
                sign = crew.show(detector, ways[number], event, scene)
                if sign is not None:
                    self._note(detector, sign, sign.device or device, at)
            scene.learn_one(kind, event)
            if kind in TELLING and (fact := self.reporter.seen(kind, event, self.site, scene)) is not None:
                self.out.append(Output(clock, "fact", fact))
        self.stats.events += told

    def _drop(self, event: Any, at: float) -> None:
        """Count an exact copy; only that it came may be a sign."""
        self.stats.duplicates += 1
        self.scene.time = at
        for detector, sign in self.crew.again(KINDS[type(event)], event, self.scene):
            self._note(detector, sign, sign.device or event.device, at)

    # -- detectors and findings ------------------------------------------------------------------------------------

    def _meet(self, device: str) -> Tracker:
        if len(self.trackers) >= MOST_DEVICES:
            gone = least_recent(self.trackers)
            self.stats.forgotten += len(gone)
            self.crew.forget(gone)
            for one in gone:
                del self.trackers[one]
        return self.trackers.setdefault(device, Tracker())

    def relearn(self, device: str) -> None:
        """Forget what was learnt of a device, or, where `device` is empty, of all and of the site itself.

        What was announced, the incident under way and the numbering of devices stay: a repeat remains a repeat.
        """
        self.crew.forget({device} if device else None)
        for streams in self.scene.presence.streams.values():
            streams.pop(device, None)
        if not device:
            self.scene = Scene(self.view, self.view)
            self.scene.first = self.scene.heard = self.scene.clock = self.clock
            self.told = {}
            if self.profile is not None:
                self.declare(self.profile)
            self.scene.works = self.works
        self.due = self.next()

    def _consider(self, window: Window, now: float) -> None:
        """Ask whether work is announced at a moment that makes it suspicious; then it explains nothing."""
        scene = self.scene
        scene.time, scene.troubled, scene.evidence = now, self.case.troubled, self.case.evidence(now)
        for detector in self.crew.of_site("site.maintenance"):
            sign = detector.step(window, scene)
            if sign is not None:
                self.works.doubt(window.name, now, sign)
                self._note(detector, sign, self.site, now)

    def _note(self, detector: AnyDetector, sign: Sign, device: str, at: float) -> None:
        kind = type(detector)
        name = (kind.name, device, sign.key)
        last = self.told.get(name)
        if last is not None and abs(self.clock - last[0]) < kind.repeat_s and not louder(sign.score, last[1]):
            self.case.prolong(*name, self.clock)
            return
        if len(self.told) > 2000:
            self.told = {key: value for key, value in self.told.items() if self.clock - value[0] < 86400.0}
        self.told[name] = (self.clock, sign.score)
        found = finding(self.site, kind, device, sign, at)
        self.out.append(Output(self.clock, "finding", found))
        self.reporter.involve(found, self.clock)
        explained = self.works.explains(kind.domain, device, at, self.case.first(name, self.clock)) or any(
            self.case.seen(name, self.clock, EXPLAINED_S) for name in explainers(kind.name)
        )
        if kind.explains:
            self.case.explain(kind.explains, self.clock - TAKEN_BACK_S)
            self.case.notable |= sign.opens
        explained = explained or bool(kind.explains)
        self.case.weigh(kind, found, sign.key, self.clock, explained, self.scene.staffed(at), sign.hour)
