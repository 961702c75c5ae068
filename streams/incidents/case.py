"""A site's case: the evidence of hours and nights, and the one incident that it makes."""

from hashlib import blake2b
from typing import Any

from detectors.base import Detector
from detectors.state import part
from streams.incidents.fusion import OPEN_AT, WARN_AT, Clue, Judgement, fuse
from streams.incidents.model import Command, Domain, Event, Finding, Incident, Severity, Status, Step, moment
from streams.incidents.weighing import WINDOW_S, BaseRate, weight

CLOSE_AFTER_S = 36 * 3600.0
REPAGE_AFTER_S = 6 * 3600.0
BUSIER = 2.0
"""How much likelier ordinary life shows a thing with people at work, and an attack without them."""
LONGEST_TIMELINE = 300
MOST_CLUES = 300
WARM_S = 3 * 86400.0
"""Over this long learnt and silent detectors come to weigh in full at a new site, s."""
RELATED_S = 30 * 86400.0
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")


Change = tuple[Event, Incident | Command]


@part
class Open:
    """The state of the incident under way; times in Unix seconds of the arrival clock."""

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.revision = 0
        self.severity: Severity = "info"
        self.pages = 0
        self.paged = 0.0
        self.opened = now
        self.counted = now
        self.domains: list[Domain] = []
        self.timeline: list[list[Any]] = []
        self.commands: list[str] = []
        self.risk = 0.0
        self.related: str | None = None


class Case:
    """Fuses a site's findings into incidents.

    Parameters
    ----------
    site
        The site's id.
    """

    def __init__(self, site: str) -> None:
        self.site = site
        self.rates: dict[str, BaseRate] = {}
        self.clues: dict[tuple[str, str, str], Clue] = {}
        self.pending: list[list[Any]] = []
        self.incident: Open | None = None
        self.previous: tuple[str, float] | None = None
        self.since = -1
        self.born = 0.0
        self.fresh = False

    def weigh(
        self, kind: type[Detector[Any]], finding: Finding, key: str, now: float, explained: bool, open_: bool
    ) -> None:
        """Take a finding as evidence at arrival clock `now`; an explained one is remembered but weighs nothing.

        `open_` says whether people are at work: what people's work causes is likelier then.
        """
        window = int(now // WINDOW_S)
        if self.since < 0:
            self.since = window
        base = self.rates.setdefault(kind.name, BaseRate())
        usual, hit = base.probability(kind.rate, window, self.since), kind.hit
        usual, hit = (min(usual * BUSIER, 1.0), hit / BUSIER) if open_ else (usual / BUSIER, hit)
        nats = 0.0 if explained else weight(finding.score, hit, usual) * self._trust(kind, now)
        critical = self.incident is not None and self.incident.severity == "critical"
        base.learn(window, 0.0 if critical else 1.0)
        name = (kind.name, finding.device, key)
        clue = self.clues.get(name)
        if clue is None or clue.at(now) < 0.05:
            clue = Clue(kind.name, kind.domain, finding.device, key, kind.stage)
            clue.first = clue.last = now
            clue.memory = kind.memory_s
            self._add(name, clue)
        clue.weight = max(nats, clue.at(now))
        clue.score = max(clue.score, finding.score)
        clue.last, clue.alone = now, kind.alone and not explained
        if nats >= 0.5 or explained:
            self.fresh = True
            self.pending.append(
                [finding.time.timestamp(), kind.domain, finding.device, kind.name, finding.summary, finding.score, nats]
            )

    def _trust(self, kind: type[Detector[Any]], now: float) -> float:
        """How far what was learnt can be trusted: a site of a few hours has not shown its everyday life yet."""
        return 1.0 if kind.sort == "definite" else min(0.3 + (now - self.born) / WARM_S, 1.0)

    def seen(self, detector: str, now: float, within: float) -> bool:
        """Whether a detector had a finding within the last seconds."""
        return any(clue.detector == detector and now - clue.last <= within for clue in self.clues.values())

    def prolong(self, detector: str, device: str, key: str, now: float) -> None:
        """Keep a condition that is still there as fresh evidence."""
        clue = self.clues.get((detector, device, key))
        if clue is not None:
            clue.last = now

    def due(self) -> float:
        """When time alone closes the incident, Unix seconds."""
        return self.incident.counted + CLOSE_AFTER_S if self.incident else float("inf")

    def decide(self, now: float) -> list[Change]:
        """Open, escalate, update or close at arrival clock `now`; returns what is to be published, named."""
        if self.incident and now >= self.due():
            return [("closed", self._close(now, None))]
        if not self.fresh:
            return []
        self.fresh = False
        news, self.pending = self.pending, []
        judged = fuse(self.clues.values(), now)
        if self.incident is None:
            if judged.nats < OPEN_AT:
                # Too little so far: it stays part of the story, should there come more.
                self.pending = [line for line in news if now - line[0] < CLOSE_AFTER_S][-LONGEST_TIMELINE:]
                return []
            self._open(now)
            return self._extend(news, judged, now, "opened")
        return self._extend(news, judged, now, "updated")

    def verdict(self, incident: str, verdict: str, now: float) -> list[Change]:
        """Close the open incident by an analyst's verdict; what was benign teaches the base rates."""
        if self.incident is None or self.incident.name != incident:
            return []
        if verdict in ("false_positive", "benign"):
            for detector in {clue.detector for clue in self.clues.values()}:
                self.rates[detector].hits += 1.0
        return [("closed", self._close(now, verdict))]

    def _add(self, name: tuple[str, str, str], clue: Clue) -> None:
        if len(self.clues) >= MOST_CLUES:
            del self.clues[min(self.clues, key=lambda n: (self.clues[n].at(clue.first), n))]
        self.clues[name] = clue

    def _open(self, now: float) -> None:
        first = min(self.clues.values(), key=lambda clue: (clue.first, clue.detector, clue.device, clue.key))
        seed = f"{self.site}|{first.detector}|{first.device}|{first.key}|{first.first:.3f}|{now:.3f}"
        self.incident = Open(f"{self.site}-{blake2b(seed.encode(), digest_size=6).hexdigest()}", now)
        if self.previous and now - self.previous[1] <= RELATED_S:
            self.incident.related = self.previous[0]

    def _extend(self, news: list[list[Any]], judged: Judgement, now: float, event: Event) -> list[Change]:
        incident = self.incident
        assert incident is not None
        incident.timeline += news
        incident.timeline.sort(key=lambda line: line[:4])
        del incident.timeline[LONGEST_TIMELINE:]
        if any(line[6] >= 0.5 for line in news):
            incident.counted = now
        incident.risk = judged.risk
        incident.domains = sorted({*incident.domains, *judged.touched})
        severity: Severity = "critical" if judged.pages else "warning" if judged.nats >= WARN_AT else "info"
        if SEVERITIES.index(severity) > SEVERITIES.index(incident.severity):
            incident.severity = severity
            event = "escalated" if event == "updated" else event
        if judged.pages and self._pages(incident, now):
            incident.pages += 1
            incident.paged = now
        incident.revision += 1
        out: list[Change] = [(event, self._tell("open", now, None))]
        return out + [("command", command) for command in self._advise(incident, now)]

    def _pages(self, incident: Open, now: float) -> bool:
        if incident.pages == 0:
            return True
        fresh = [clue for clue in self.clues.values() if clue.first >= incident.paged + REPAGE_AFTER_S]
        return fuse(fresh, now).pages

    def _advise(self, incident: Open, now: float) -> list[Command]:
        if incident.severity != "critical":
            return []
        stages = {clue.stage for clue in self.clues.values() if clue.at(now) > 0.5}
        wanted = ["lockdown"] + (["hold_shipment"] if stages & {"label", "goods", "egress"} else [])
        advised = []
        for command in wanted:
            if command not in incident.commands:
                incident.commands.append(command)
                advised.append(
                    Command(
                        id=f"{incident.name}-{command}",
                        site=self.site,
                        command="lockdown" if command == "lockdown" else "hold_shipment",
                        incident=incident.name,
                        reason=self._summary(incident),
                        time=moment(now),
                        mode="advised",
                    )
                )
        return advised

    def _close(self, now: float, verdict: str | None) -> Incident:
        incident = self.incident
        assert incident is not None
        incident.revision += 1
        told = self._tell("closed", now, verdict)
        self.previous = (incident.name, now)
        self.incident = None
        self.clues.clear()
        self.pending.clear()
        self.fresh = False
        return told

    def _tell(self, status: Status, now: float, verdict: str | None) -> Incident:
        incident = self.incident
        assert incident is not None
        return Incident(
            id=incident.name,
            revision=incident.revision,
            site=self.site,
            status=status,
            severity=incident.severity,
            pages=incident.pages,
            risk=round(incident.risk, 4),
            domains=list(incident.domains),
            opened=moment(incident.opened),
            updated=moment(now),
            closed=moment(now) if status == "closed" else None,
            summary=self._summary(incident),
            timeline=[
                Step(
                    time=moment(line[0]),
                    domain=line[1],
                    device=line[2],
                    detector=line[3],
                    summary=line[4],
                    score=round(line[5], 3),
                )
                for line in incident.timeline
            ],
            verdict=verdict,
            related=incident.related,
        )

    def _summary(self, incident: Open) -> str:
        best: dict[str, list[Any]] = {}
        for line in incident.timeline:
            if line[1] not in best or line[6] > best[line[1]][6]:
                best[line[1]] = line
        told = sorted(best.values(), key=lambda line: (-line[6], line[0]))[:3]
        return f"{self.site}: " + " ".join(line[4] for line in sorted(told, key=lambda line: line[0]))
