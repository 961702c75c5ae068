"""The incident under way at a site: its timeline, what it has come to, and how it is told."""

from typing import Any

from detectors.base import Stage
from detectors.state import part
from streams.incidents.fusion import Judgement
from streams.incidents.model import Command, Domain, Incident, Severity, Status, Step, moment

LONGEST_TIMELINE = 300
CHAIN: tuple[Stage, ...] = ("supply", "alarm", "sight", "label", "goods", "egress")
"""The steps of a theft in their usual order: power, alarm, cameras, labels, goods in motion, goods gone."""
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

Line = list[Any]
"""Of the timeline: Unix seconds, domain, device, detector, summary, score, nats, stage."""


@part
class Open:
    """The state of the incident under way; times in Unix seconds of the arrival clock.

    Attributes
    ----------
    counted
        When evidence that counts last came.
    peak
        What each detector gave, in nats, when the evidence was strongest: what a verdict is about.
    """

    def __init__(self, name: str, now: float, related: str | None) -> None:
        self.name = name
        self.revision = 0
        self.severity: Severity = "info"
        self.pages = 0
        self.paged = 0.0
        self.opened = now
        self.counted = now
        self.domains: list[Domain] = []
        self.timeline: list[Line] = []
        self.commands: list[str] = []
        self.risk = 0.0
        self.most = 0.0
        self.peak: dict[str, float] = {}
        self.related = related

    def extend(self, news: list[Line], judged: Judgement, now: float) -> bool:
        """Take new lines and what all evidence amounts to now; returns whether it is more severe than before."""
        self.timeline += news
        self.timeline.sort(key=lambda line: line[:4])
        del self.timeline[LONGEST_TIMELINE:]
        if any(line[6] >= 0.5 for line in news):
            self.counted = now
        self.risk = judged.risk
        if judged.nats > self.most:
            self.most, self.peak = judged.nats, judged.shares
        self.domains = sorted({*self.domains, *judged.touched})
        severity = judged.severity
        if SEVERITIES.index(severity) <= SEVERITIES.index(self.severity):
            return False
        self.severity = severity
        return True

    def advise(self, site: str, stages: set[Stage], now: float) -> list[Command]:
        """Advise what the site should do and was not advised yet; `stages` are those with evidence right now."""
        if self.severity != "critical":
            return []
        wanted = ["lockdown"] + (["hold_shipment"] if stages & {"label", "goods", "egress"} else [])
        fresh = [command for command in wanted if command not in self.commands]
        self.commands += fresh
        return [
            Command(
                id=f"{self.name}-{command}",
                site=site,
                command="lockdown" if command == "lockdown" else "hold_shipment",
                incident=self.name,
                reason=self.summary(site),
                time=moment(now),
                mode="advised",
            )
            for command in fresh
        ]

    def tell(self, site: str, status: Status, now: float, verdict: str | None = None) -> Incident:
        """Tell it as it stands, under the next revision."""
        self.revision += 1
        seen = {line[7] for line in self.timeline if line[6] >= 0.5}
        return Incident(
            id=self.name,
            revision=self.revision,
            site=site,
            status=status,
            severity=self.severity,
            pages=self.pages,
            risk=round(self.risk, 4),
            domains=list(self.domains),
            opened=moment(self.opened),
            updated=moment(now),
            closed=moment(now) if status == "closed" else None,
            summary=self.summary(site),
            timeline=[_step(line) for line in self.timeline],
            verdict=verdict,
            related=self.related,
            stages=[stage for stage in CHAIN if stage in seen],
            expected=[stage for stage in CHAIN if stage not in seen] if status == "open" else [],
        )

    def summary(self, site: str) -> str:
        """The strongest sentence of each domain, three at the most, in the order in which they happened."""
        best: dict[str, Line] = {}
        for line in self.timeline:
            if line[1] not in best or line[6] > best[line[1]][6]:
                best[line[1]] = line
        told = sorted(best.values(), key=lambda line: (-line[6], line[0]))[:3]
        return f"{site}: " + " ".join(line[4] for line in sorted(told, key=lambda line: line[0]))


def _step(line: Line) -> Step:
    at, domain, device, detector, summary, score, _, stage = line
    return Step(
        time=moment(at),
        domain=domain,
        device=device,
        detector=detector,
        summary=summary,
        score=round(score, 3),
        stage=stage,
    )
