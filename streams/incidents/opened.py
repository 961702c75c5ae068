"""The incident under way at a site: its timeline, what it has come to, and how it is told."""

from typing import Any

from mypy_extensions import mypyc_attr

from detectors.base import Stage
from streams.incidents.fusion import Judgement
from streams.incidents.hands import Hands
from streams.incidents.model import Domain, Incident, Note, Severity, Step, moment

LONGEST_TIMELINE = 300
CHAIN: tuple[Stage, ...] = ("supply", "alarm", "sight", "label", "goods", "egress")
"""The steps of a theft in their usual order: power, alarm, cameras, labels, goods in motion, goods gone."""
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")

Line = list[Any]
"""Of the timeline: Unix seconds, domain, device, detector, summary, score, nats, stage."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Open(Hands):
    """The state of the incident under way; times in Unix seconds of the arrival clock.

    Attributes
    ----------
    counted
        When evidence that counts last came.
    peak
        What each detector gave, in nats, when the evidence was strongest: what a verdict is about.
    moments
        When it paged.
    warnings, warned
        How often it asked somebody to look at it in this shift, and when it last did.
    closed, verdict
        When it closed, and what it was found to be; None while it is under way.
    """

    # On the class, for a state that was frozen before there was any.
    moments: tuple[float, ...] = ()
    warnings: int = 0
    warned: float = 0.0
    closed: float | None = None
    verdict: str | None = None

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

    def page(self, now: float) -> None:
        """Page."""
        self.pages += 1
        self.paged = now
        self.moments = (*self.moments, now)
        self.renew()

    def warn(self, now: float) -> None:
        """Ask somebody to look at it in this shift."""
        self.warnings += 1
        self.warned = now

    def tell(self, site: str, now: float) -> Incident:
        """Tell it as it stands, under the next revision."""
        self.revision += 1
        over = self.closed is not None
        seen = {line[7] for line in self.timeline if line[6] >= 0.5}
        return Incident(
            id=self.name,
            revision=self.revision,
            site=site,
            status="closed" if over else "acknowledged" if self.acknowledged else "open",
            severity=self.severity,
            pages=self.pages,
            warnings=self.warnings,
            risk=round(self.risk, 4),
            domains=list(self.domains),
            opened=moment(self.opened),
            updated=moment(now),
            closed=moment(self.closed) if self.closed is not None else None,
            summary=self.summary(site),
            timeline=[_step(line) for line in self.timeline],
            verdict=self.verdict,
            related=self.related,
            stages=[stage for stage in CHAIN if stage in seen],
            expected=[stage for stage in CHAIN if stage not in seen] if not over else [],
            acknowledged_by=self.acknowledged,
            assigned=self.assigned,
            notes=[Note(time=moment(at), by=by, note=note) for at, by, note in self.notes],
            commands=[order.tell() for order in self.orders],
            paged=[moment(at) for at in self.moments],
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
