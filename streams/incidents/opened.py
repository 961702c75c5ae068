"""The incident under way at a site: its timeline, what it has come to, and how it is told."""

from typing import Any

from detectors.base import Stage
from detectors.state import part
from streams.incidents.fusion import Judgement
from streams.incidents.model import Command, Domain, Incident, Note, Severity, Step, moment
from streams.incidents.order import Name, Order
from streams.telemetry.control import Action, Confirmation

LONGEST_TIMELINE = 300
MOST_NOTES = 100
MOST_SAID = 500
"""Records of which it is remembered that they were taken."""
RELEASERS = 2
"""How many persons it takes to lift a command."""
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
    notes
        What people said: Unix seconds, who, and what.
    said
        Ids of the records of people and actuators that were taken.
    orders
        The commands that were given.
    releasing
        Who asked for a release since the last page.
    released
        Whether people lifted the commands since the last page.
    """

    # On the class, for a state that was frozen before people could act.
    acknowledged: str | None = None
    assigned: str | None = None
    notes: tuple[tuple[float, str, str], ...] = ()
    said: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    releasing: tuple[str, ...] = ()
    released = False

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
        """Page: whoever acknowledged it or lifted its commands did so before."""
        self.pages += 1
        self.paged = now
        self.acknowledged = None
        self.releasing, self.released = (), False

    def advise(self, site: str, stages: set[Stage], now: float) -> list[Command]:
        """Advise what the site should do and was not advised yet; `stages` are those with evidence right now."""
        if self.severity != "critical" or self.released:
            return []
        wanted: list[Name] = ["lockdown"]
        if stages & {"label", "goods", "egress"}:
            wanted.append("hold_shipment")
        return [
            self._order(name, now).give(site, self.name, self.summary(site)) for name in wanted if self._lacks(name)
        ]

    def _lacks(self, name: Name) -> bool:
        """Whether a command was not given since the last release."""
        for order in reversed(self.orders):
            if order.command in (name, "release"):
                return order.command == "release"
        return True

    def _order(self, name: Name, now: float) -> Order:
        """Give a command; the second of its kind has a number."""
        number = sum(order.command == name for order in self.orders) + 1
        order = Order(f"{self.name}-{name}" + (f"-{number}" if number > 1 else ""), name, "advised", now)
        self.orders = (*self.orders, order)
        return order

    def concerns(self, record: Action | Confirmation) -> bool:
        """Whether a record is about this incident."""
        if isinstance(record, Action):
            return record.incident == self.name
        return any(order.id == record.command for order in self.orders)

    def hear(self, record: Action | Confirmation) -> bool:
        """Take what somebody did, or what became of a command; returns whether that changes anything."""
        if record.id in self.said:
            return False
        self.said = (*self.said, record.id)[-MOST_SAID:]
        return self._act(record) if isinstance(record, Action) else self._confirm(record)

    def _act(self, action: Action) -> bool:
        said = action.note
        match action.action:
            case "acknowledge" if self.acknowledged is None:
                self.acknowledged = action.by
            case "assign" if self.assigned != (action.to or action.by):
                self.assigned = action.to or action.by
            case "release" if not self.released and self._locked() and action.by not in self.releasing:
                self.releasing = (*self.releasing, action.by)
                said = f"Asks for a release. {said or ''}".strip()
            case _ if said is None:
                return False
        if said is not None:
            self._note(action.time.timestamp(), action.by, said)
        return True

    def _locked(self) -> bool:
        """Whether a command is in force that can be lifted."""
        return bool(self.orders) and self.orders[-1].command != "release"

    def _confirm(self, told: Confirmation) -> bool:
        [order] = [order for order in self.orders if order.id == told.command]
        order.outcome, order.by = told.outcome, told.by
        said = f"{order.command}: {told.outcome}. {told.note or ''}".strip()
        self._note(told.time.timestamp(), told.by, said)
        return True

    def _note(self, at: float, by: str, note: str) -> None:
        self.notes = (*self.notes, (at, by, note))[-MOST_NOTES:]

    def release(self, site: str, now: float) -> list[Command]:
        """Lift what is in force, once two persons have asked for it."""
        if self.released or len(self.releasing) < RELEASERS:
            return []
        self.released = True
        reason = f"{site}: released by {' and '.join(self.releasing)}."
        return [self._order("release", now).give(site, self.name, reason)]

    def tell(self, site: str, now: float, closed: bool = False, verdict: str | None = None) -> Incident:
        """Tell it as it stands, under the next revision."""
        self.revision += 1
        seen = {line[7] for line in self.timeline if line[6] >= 0.5}
        return Incident(
            id=self.name,
            revision=self.revision,
            site=site,
            status="closed" if closed else "acknowledged" if self.acknowledged else "open",
            severity=self.severity,
            pages=self.pages,
            risk=round(self.risk, 4),
            domains=list(self.domains),
            opened=moment(self.opened),
            updated=moment(now),
            closed=moment(now) if closed else None,
            summary=self.summary(site),
            timeline=[_step(line) for line in self.timeline],
            verdict=verdict,
            related=self.related,
            stages=[stage for stage in CHAIN if stage in seen],
            expected=[stage for stage in CHAIN if stage not in seen] if not closed else [],
            acknowledged_by=self.acknowledged,
            assigned=self.assigned,
            notes=[Note(time=moment(at), by=by, note=note) for at, by, note in self.notes],
            commands=[order.tell() for order in self.orders],
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
