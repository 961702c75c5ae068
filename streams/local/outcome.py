"""What came of a drill: when which step of the attack was noticed."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from streams.incidents.model import Finding, Incident, Severity
from streams.incidents.opened import SEVERITIES
from streams.local.shadow import Shadow, moment
from streams.local.simulator.scenarios import Label


class Step(Struct):
    """One step of the attack: its first sign, and how long the platform took to find something of its domain."""

    name: str
    domain: str
    time: datetime
    delay_s: float | None = None
    detector: str | None = None
    reached: bool = True
    """Whether the drill had come so far."""


class Outcome(Struct, kw_only=True):
    """What came of a drill; delays in seconds from the attack's first sign to what was published in Kafka."""

    site: str
    shadow: str
    scenario: str
    expected: Literal["page", "warning"]
    began: datetime
    first_finding_s: float | None = None
    warned_s: float | None = None
    paged_s: float | None = None
    commands: list[str] = []
    stages: list[Step] = []
    before: dict[str, tuple[Severity, int]] = {}
    """What everyday life had led to before the attack: each incident's severity and pages."""
    finished: bool = False
    """Whether it was noticed as it should be, or played to its end."""

    @property
    def noticed(self) -> bool:
        """Whether the platform did what this attack asks for."""
        return (self.paged_s if self.expected == "page" else self.warned_s) is not None

    @classmethod
    def of(cls, site: str, scenario: str, shadow: Shadow, label: Label) -> "Outcome":
        """Nothing is noticed yet."""
        first = min((stage.time for stage in label.stages), default=label.start)
        return cls(
            site=site,
            shadow=shadow.name,
            scenario=scenario,
            expected="page" if label.page else "warning",
            began=moment(shadow.moved(first)),
            before=dict(shadow.under_way),
            stages=[Step(stage.name, stage.domain, moment(shadow.moved(stage.time))) for stage in sorted(label.stages)],
        )

    def after(self, at: float) -> float:
        """Seconds from the attack's first sign to Unix seconds `at`."""
        return at - self.began.timestamp()

    def found(self, finding: Finding, at: float) -> None:
        """Take what was found at Unix seconds `at`; what was so before the attack is everyday life."""
        if self.after(at) < 0:
            return
        if self.first_finding_s is None:
            self.first_finding_s = round(self.after(at), 3)
        for step in self.stages:
            if step.delay_s is None and step.domain == finding.domain and at >= step.time.timestamp():
                step.delay_s, step.detector = round(at - step.time.timestamp(), 3), finding.detector

    def changed(self, incident: Incident, at: float) -> None:
        """Take a change of the shadow's incident at Unix seconds `at`; what it had come to before does not count."""
        if self.after(at) < 0:
            self.before[incident.id] = incident.severity, incident.pages
        if self.after(at) < 0 or incident.verdict is not None:
            return
        severity, pages = self.before.get(incident.id, ("info", 0))
        if SEVERITIES.index(incident.severity) > SEVERITIES.index(severity) and self.warned_s is None:
            self.warned_s = round(self.after(at), 3)
        if incident.pages > pages and self.paged_s is None:
            self.paged_s = round(self.after(at), 3)
        self.commands = [f"{order.command} ({order.mode})" for order in incident.commands]

    def ended(self, at: float) -> None:
        """Note how far it came."""
        for step in self.stages:
            step.reached = step.time.timestamp() <= at
