"""What a site tells the others: plates at its gate, its grid gone, and what its critical incidents are made of."""

from typing import Any

from detectors.freight import plain
from detectors.scene import Scene
from detectors.state import Part
from streams.incidents.model import Fact, Finding, Incident
from streams.incidents.verdicts import Lesson
from streams.incidents.view import CHAIN, GRID, VERDICT

TELLING = ("shipment.gate", "power.reading", "power.status")
"""Types of telemetry that may be worth a fact."""
SURE = 0.8
"""Likelihood from which on a plate is told."""
INVOLVED = 0.3
"""Score from which on what a finding names is taken to be involved."""
INVOLVED_S = 86400.0
MOST_INVOLVED = 20
NOTHING = ("false_positive", "benign", "test")
"""Verdicts by which an alert is taken back."""
NAMED = {"plate": "plate", "epc": "epc", "previous_epc": "epc", "tid": "tid"}
"""Fields of evidence that name something to look out for, and what it is."""


class Reporter(Part):
    """What one site has told, and what it would tell of its incident."""

    def __init__(self) -> None:
        self.outage = 0.0
        self.involved: dict[str, float] = {}
        self.told: list[str] = []

    def seen(self, kind: str, event: Any, site: str, scene: Scene) -> Fact | None:
        """Return the fact that a telemetry object makes, after the scene has taken it."""
        if kind != "shipment.gate":
            grid = scene.grid
            if not grid.at or grid.at == self.outage:
                return None
            self.outage = grid.at
            return _fact(GRID, "grid.lost", site, scene, since=grid.since, time=grid.at)
        if event.likelihood < SURE:
            return None
        return _fact(f"plate:{plain(event.plate)}", "plate.seen", site, scene)

    def involve(self, finding: Finding, clock: float) -> None:
        """Take note of the plates and tags that a finding names."""
        if finding.score < INVOLVED:
            return
        for field, what in NAMED.items():
            value = finding.evidence.get(field)
            if isinstance(value, str) and value:
                name = plain(value) if what == "plate" else value.upper() if what == "tid" else value
                self.involved.pop(f"alert:{what}:{name}", None)
                self.involved[f"alert:{what}:{name}"] = clock
        while len(self.involved) > MOST_INVOLVED:
            del self.involved[next(iter(self.involved))]

    def changed(self, incident: Incident, site: str, scene: Scene) -> list[Fact]:
        """Return what a change of the incident tells: at critical the alert, at a verdict that it was nothing."""
        if incident.status == "closed":
            told, self.told = self.told, []
            taken_back = told if incident.verdict in NOTHING else []
            return [_fact(subject, "alert.over", site, scene, incident=incident.id) for subject in taken_back]
        if incident.severity != "critical":
            return []
        involved = [name for name, at in self.involved.items() if scene.clock - at <= INVOLVED_S]
        fresh = [subject for subject in (CHAIN, *involved) if subject not in self.told]
        self.told += fresh
        chain = tuple(sorted({step.detector for step in incident.timeline if step.score >= INVOLVED}))
        return [
            _fact(one, "alert.raised", site, scene, incident=incident.id, detectors=chain if one == CHAIN else ())
            for one in fresh
        ]

    @staticmethod
    def taught(lesson: Lesson, site: str, scene: Scene) -> Fact:
        """Return what a verdict teaches all sites."""
        return _fact(VERDICT, "verdict.given", site, scene, shares=lesson.shares, true=lesson.true)


def _fact(subject: str, kind: Any, site: str, scene: Scene, **more: Any) -> Fact:
    given = {"time": scene.time, "clock": scene.clock, "place": scene.place, **more}
    return Fact(subject=subject, kind=kind, site=site, **given)
