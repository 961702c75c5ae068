"""A site's case: the evidence of hours and nights, and the one incident that it makes."""

from collections.abc import Collection, Iterable
from hashlib import blake2b
from math import inf
from typing import Any

from detectors.base import Detector
from streams.incidents.fusion import OPEN_AT, WARN_AT, Clue, Judgement, fuse
from streams.incidents.model import Command, Event, Fact, Finding, Incident
from streams.incidents.opened import LONGEST_TIMELINE, Line, Open
from streams.incidents.order import Order
from streams.incidents.verdicts import ANYWHERE, HERE, TRUTH, Lesson, Trust
from streams.incidents.weighing import FIRST_DAY_S, WINDOW_S, BaseRate, at_work, weight
from streams.telemetry.control import Action, Confirmation, Policy

CLOSE_AFTER_S = 36 * 3600.0
ANEW_AFTER_S = 6 * 3600.0
"""How long after a page, or a warning, new evidence may give another, s."""
AFTERMATH = 0.5
"""Share that is left of new evidence of a detector that has spoken before: what was disturbed is noticed for days."""
EXPLAINED_S = 4 * 3600.0
"""How far apart a finding and the one that explains it may lie, s."""
EXPLANATION = 0.1
"""What an explanation counts for in the choice of what to tell of a domain first, nats; as evidence it is none."""
MOST_CLUES = 300
MOST_PAST = 16
"""Closed incidents that a verdict may still be about."""
WARM_S = 3 * 86400.0
"""Over this long learnt and silent detectors come to weigh in full at a new site, s."""
RELATED_S = 30 * 86400.0

Change = tuple[Event, Incident | Command]


class Case:
    """Fuses the findings of a site, named by its id, into incidents."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.rates: dict[str, BaseRate] = {}
        self.clues: dict[tuple[str, str, str], Clue] = {}
        self.pending: list[Line] = []
        self.trust = Trust()
        self.incident: Open | None = None
        self.past: dict[str, dict[str, float]] = {}
        self.previous: tuple[str, float] | None = None
        self.former: Open | None = None
        """The last closed incident that gave commands: they are still confirmed and released."""
        self.since = -1
        self.born = 0.0
        self.fresh = False
        self.notable = False
        """Whether there is something to be told of, whatever it weighs."""
        self.eased = False
        """Whether evidence of the incident under way has been explained."""
        self.alertness = 0.0
        """Nats by which other sites' incidents make one here more credible."""

    def weigh(
        self,
        kind: type[Detector[Any]],
        finding: Finding,
        key: str,
        now: float,
        explained: bool,
        staffed: float,
        hour: float = 0.0,
    ) -> None:
        """Take a finding as evidence at arrival clock `now`; an explained one is remembered but weighs nothing.

        `staffed` says how far people are at work, 0–1: what people's work causes is likelier then. `hour` is the share
        of the evidence that is only about the hour.
        """
        explained = explained or any(self.seen(name, now, EXPLAINED_S) for name in kind.explained_by)
        window = int(now // WINDOW_S)
        if self.since < 0:
            self.since = window
        base = self.rates.setdefault(kind.name, BaseRate())
        usual, hit = base.probability(kind.rate, kind.strong, finding.score, window, self.since), kind.hit
        if not kind.timeless:
            usual, hit = at_work(usual, hit, staffed)
        nats = 0.0 if explained else weight(finding.score, hit, usual) * self._trust(kind, now)
        critical = self.incident is not None and self.incident.severity == "critical"
        base.learn(window, finding.score, 0.0 if critical else 1.0)
        name = (kind.name, finding.device, key)
        clue = self.clues.get(name)
        if clue is None or clue.at(now) < 0.05:
            clue = Clue(kind.name, kind.domain, finding.device, key, kind.stage)
            clue.first = clue.onset = clue.last = now
            clue.memory = kind.memory_s
            clue.explained_by = kind.explained_by
            self._add(name, clue)
        clue.come(nats, hour, now)
        clue.score = max(clue.score, finding.score)
        clue.alone = kind.alone and not explained and now - self.born >= FIRST_DAY_S
        self._explain(kind.name, now)
        if nats >= 0.5 or explained:
            self.fresh = True
            nats = EXPLANATION if kind.explains else nats
            told = [finding.time.timestamp(), kind.domain, finding.device, kind.name, finding.summary, finding.score]
            self.pending.append([*told, nats, kind.stage])

    def _explain(self, detector: str, now: float) -> None:
        """Let a finding explain what was found shortly before it: which of the two comes first is chance."""
        for clue in self.clues.values():
            if detector in clue.explained_by and now - clue.last <= EXPLAINED_S:
                clue.weight, clue.alone = 0.0, False

    def explain(self, detectors: Collection[str], since: float) -> None:
        """Let the findings that these detectors have had since then (arrival clock, Unix seconds) weigh nothing."""
        for clue in self.clues.values():
            if clue.detector in detectors and clue.last >= since:
                clue.weight, clue.alone = 0.0, False
        for line in [*self.pending, *(self.incident.timeline if self.incident else [])]:
            if line[3] in detectors and line[0] >= since:
                line[6] = 0.0
        self.eased = self.fresh = True

    def _trust(self, kind: type[Detector[Any]], now: float) -> float:
        """How far what was learnt can be trusted: a site of a few hours has not shown its everyday life yet."""
        return 1.0 if kind.sort == "definite" else min(0.3 + (now - self.born) / WARM_S, 1.0)

    def warming(self, now: float) -> bool:
        """Whether the site is so new that learnt and silent detectors do not weigh in full yet."""
        return now - self.born < WARM_S

    def seen(self, detector: str, now: float, within: float) -> bool:
        """Whether a detector had a finding within the last seconds."""
        return any(clue.detector == detector and now - clue.last <= within for clue in self.clues.values())

    @property
    def troubled(self) -> bool:
        """Whether an incident is open that somebody should look at."""
        return self.incident is not None and self.incident.severity != "info"

    def evidence(self, now: float) -> set[tuple[str, str]]:
        """Name domain and device of what still counts."""
        return {(clue.domain, clue.device) for clue in self.clues.values() if clue.at(now) >= 0.5}

    def first(self, name: tuple[str, str, str], now: float) -> float:
        """When evidence that still counts was first seen, by its detector, device and key; `now` for what is new."""
        clue = self.clues.get(name)
        return now if clue is None or clue.at(now) < 0.05 else clue.first

    def detectors(self, now: float) -> set[str]:
        """Name the detectors whose findings still count."""
        return {clue.detector for clue in self.clues.values() if clue.at(now) >= 0.5}

    def prolong(self, detector: str, device: str, key: str, now: float) -> None:
        """Keep a condition that is still there as fresh evidence."""
        clue = self.clues.get((detector, device, key))
        if clue is not None:
            clue.last = now

    def due(self) -> float:
        """When time alone closes the incident, or lets a command be overdue, Unix seconds."""
        closes = self.incident.counted + CLOSE_AFTER_S if self.incident else inf
        return min([closes, *(incident.lapses() for incident in self._incidents())])

    def _incidents(self) -> list[Open]:
        """List what people may still do something about: the incident under way, and the last that gave commands."""
        return [incident for incident in (self.incident, self.former) if incident is not None]

    def decide(self, now: float, policy: Policy | None = None) -> list[Change]:
        """Open, escalate, update or close at arrival clock `now`; returns what is to be published, named."""
        lapsed = [incident for incident in self._incidents() if incident.lapse(now)]
        changes = self._judge(now, policy)
        told = {change.id for _, change in changes if isinstance(change, Incident)}
        late: list[Change] = [("updated", one.tell(self.site, now)) for one in lapsed if one.name not in told]
        return changes + late

    def _judge(self, now: float, policy: Policy | None) -> list[Change]:
        if self.incident and now >= self.incident.counted + CLOSE_AFTER_S:
            return [("closed", self._close(self.incident, now, None))]
        if not self.fresh:
            return []
        self.fresh = False
        news, self.pending = self.pending, []
        judged = fuse(self.clues.values(), now, self.trust.of, self.alertness)
        notable, self.notable = self.notable, False
        if self.incident is not None:
            return self._extend(self.incident, news, judged, now, policy)
        self.eased = False
        if judged.nats < OPEN_AT and not notable:
            # Too little so far: it stays part of the story, should there come more.
            self.pending = [line for line in news if now - line[0] < CLOSE_AFTER_S][-LONGEST_TIMELINE:]
            return []
        self.incident = self._open(now)
        return self._extend(self.incident, news, judged, now, policy, "opened")

    def verdict(self, name: str, verdict: str, now: float) -> tuple[list[Change], Lesson | None]:
        """Take an analyst's verdict on the open incident, which it closes, or on one of the last closed ones.

        Returns
        -------
        tuple
            What is to be published, and what the verdict teaches, here and everywhere, once.
        """
        incident = self.incident if self.incident is not None and self.incident.name == name else None
        changes: list[Change] = [] if incident is None else [("closed", self._close(incident, now, verdict))]
        shares = self.past.get(name)
        if not shares or verdict not in TRUTH:
            return changes, None
        self.past[name] = {}
        lesson = Lesson(shares, TRUTH[verdict])
        self.trust.learn(*lesson, HERE)
        for detector in shares:
            # What was no attack is everyday life here; what was one is none, and may have been learnt as such.
            self.rates[detector].correct(-1.0 if lesson.true else 1.0)
        return changes, lesson

    def study(self, verdicts: Iterable[Fact]) -> None:
        """Learn a little from verdicts that were given at other sites, the oldest first."""
        for fact in verdicts:
            self.trust.learn(fact.shares, fact.true, ANYWHERE)
            self.trust.heard = fact.clock

    def hear(self, record: Action | Confirmation, now: float) -> list[Change] | None:
        """Take what somebody did, or what became of a command; None where there is no such incident."""
        incident = next((incident for incident in self._incidents() if incident.concerns(record)), None)
        if incident is None:
            return None
        if not incident.hear(record):
            return []
        commands = incident.release(self.site, now)
        return [("updated", incident.tell(self.site, now)), *(("command", command) for command in commands)]

    def _add(self, name: tuple[str, str, str], clue: Clue) -> None:
        if len(self.clues) >= MOST_CLUES:
            del self.clues[min(self.clues, key=lambda n: (self.clues[n].at(clue.first), n))]
        self.clues[name] = clue

    def _open(self, now: float) -> Open:
        first = min(self.clues.values(), key=lambda clue: (clue.first, clue.detector, clue.device, clue.key))
        seed = f"{self.site}|{first.detector}|{first.device}|{first.key}|{first.first:.3f}|{now:.3f}"
        related = self.previous[0] if self.previous and now - self.previous[1] <= RELATED_S else None
        return Open(f"{self.site}-{blake2b(seed.encode(), digest_size=6).hexdigest()}", now, related)

    def _extend(
        self,
        incident: Open,
        news: list[Line],
        judged: Judgement,
        now: float,
        policy: Policy | None,
        event: Event = "updated",
    ) -> list[Change]:
        escalated = incident.extend(news, judged, now)
        if self.eased and not incident.pages:
            incident.severity = judged.severity
        self.eased = False
        if judged.pages and (not incident.pages or self._anew(incident.paged, now).pages):
            incident.page(now)
        if incident.severity == "warning" and (escalated or self._anew(incident.warned, now).nats >= WARN_AT):
            incident.warn(now)
        if escalated and event == "updated":
            event = "escalated"
        orders = self._command(incident, judged, now, policy) if incident.severity == "critical" else []
        reason = incident.summary(self.site)
        commands = [order.give(self.site, incident.name, reason) for order in orders]
        return [(event, incident.tell(self.site, now)), *(("command", command) for command in commands)]

    def _command(self, incident: Open, judged: Judgement, now: float, policy: Policy | None) -> list[Order]:
        stages = {clue.stage for clue in self.clues.values() if clue.at(now) > 0.5}
        if policy is not None and (judged.risk < policy.risk or len(judged.touched) < policy.domains):
            policy = None
        return incident.command(stages, policy, now)

    def _anew(self, told: float, now: float) -> Judgement:
        """Judge by itself what is new since people were told of the incident, and long enough after it."""
        fresh = [clue for clue in self.clues.values() if clue.first >= told + ANEW_AFTER_S]
        before = {clue.detector for clue in self.clues.values() if clue.first < told + ANEW_AFTER_S}
        return fuse(fresh, now, lambda name: self.trust.of(name) * (AFTERMATH if name in before else 1.0))

    def _close(self, incident: Open, now: float, verdict: str | None) -> Incident:
        incident.closed, incident.verdict = now, verdict
        told = incident.tell(self.site, now)
        if incident.orders:
            self.former = incident
        self.previous = (incident.name, now)
        self.past[incident.name] = incident.peak
        while len(self.past) > MOST_PAST:
            del self.past[next(iter(self.past))]
        self.incident = None
        self.clues.clear()
        self.pending.clear()
        self.fresh = False
        return told
