"""One simulated estate through the backtest, lived through once and scored as it goes."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from streams.incidents.backtest import Backtest
from streams.incidents.model import Finding, Incident, Output
from streams.incidents.registry import Registry
from streams.incidents.scoring import Label, Scorer, asked
from streams.incidents.shard import Shard
from streams.local.simulator import spells as on
from streams.local.simulator.scenarios import library
from streams.local.simulator.site import Site
from streams.telemetry.control import Control
from streams.telemetry.decode import Arrival
from streams.telemetry.recording import Line, clocked
from streams.worker import checkpoints
from tests.quality.probes import Probes
from tests.quality.suites import Case, estate

CAUSES = (on.SILENT, on.LOST, on.BATTERY_LOW, on.JAM, on.WAN, on.FEED_DEAD, on.SEVERED)
"""Spells in which a device may be silent."""


class Cry(Struct):
    """A page or a warning that nobody needed: when, where, during which look-alike, and which detectors called."""

    site: str
    time: datetime
    during: str
    risk: float
    detectors: list[str]
    summary: str


class Outcome(Struct):
    """What came of one case; delays in seconds on the arrival clock."""

    case: Case
    labels: list[dict[str, Any]] = field(default_factory=list)
    false_pages: list[Cry] = field(default_factory=list)
    false_warnings: list[Cry] = field(default_factory=list)
    risks: list[tuple[float, bool]] = field(default_factory=list)
    """Each incident's highest risk, and whether it was of an attack."""
    findings: dict[str, dict[str, int]] = field(default_factory=dict)
    """Findings by detector and site."""
    onsets: list[tuple[str, float | None]] = field(default_factory=list)
    silences: list[float | None] = field(default_factory=list)
    false_silences: int = 0
    devices: int = 0
    site_days: float = 0.0
    events: int = 0
    detect_s: float = 0.0
    live_s: float = 0.0
    state_bytes: int = 0
    """Of the sites' rows, as a worker stores them."""
    seconds: float = 0.0


class TimedShard(Shard):
    """A shard that measures the CPU it takes."""

    used = 0.0

    def advance(
        self, clock: float, arrivals: list[Arrival], controls: list[Control], complete: bool = True
    ) -> list[Output]:
        before = time.process_time()
        outputs = super().advance(clock, arrivals, controls, complete)
        self.used += time.process_time() - before
        return outputs

    def stretch(self, slices: Sequence[tuple[float, list[Arrival]]]) -> list[Output]:
        before = time.process_time()
        outputs = super().stretch(slices)
        self.used += time.process_time() - before
        return outputs


class Run:
    """One case under way."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.world = estate(case)
        self.sites = {site.id: site for site in self.world.sites}
        self.scorer, self.backtest, self.probes = Scorer([]), Backtest(), Probes(self.world)
        self.shard = TimedShard(Registry())
        self.backtest.shard = self.shard
        self.outcome = Outcome(case)
        self.pages: list[tuple[Incident, datetime]] = []
        self.warnings: list[tuple[Incident, datetime]] = []
        self.incidents: dict[str, tuple[str, datetime, datetime, float]] = {}
        self.levels: dict[str, tuple[int, int]] = {}
        self.counts: dict[str, Counter[str]] = {}

    def __call__(self) -> Outcome:
        """Live through it all."""
        began = time.perf_counter()
        for told in self.backtest.run(self.probes.watch(clocked(self._timed(self.world.lines())))):
            self.scorer.take(told)
            if told["event"] == "finding":
                self._finding(told["time"], told["finding"])
            elif "incident" in told:
                self._incident(told["time"], told["incident"])
        self.probes.close()
        self._judge()
        self.outcome.seconds = time.perf_counter() - began
        return self.outcome

    def _timed(self, lines: Iterator[Line]) -> Iterator[Line]:
        while True:
            before = time.process_time()
            line = next(lines, None)
            self.outcome.live_s += time.process_time() - before
            if line is None:
                return
            yield line

    def _finding(self, at: datetime, finding: Finding) -> None:
        clock = at.timestamp()
        self.probes.take(clock, finding)
        self.counts.setdefault(finding.detector, Counter())[finding.site] += 1
        if finding.detector.endswith(".silence"):
            self.outcome.false_silences += not _silent(self.sites[finding.site], finding.device, clock)

    def _incident(self, at: datetime, incident: Incident) -> None:
        pages, warnings = self.levels.get(incident.id, (0, 0))
        if incident.pages > pages:
            self.pages.append((incident, at))
        if asked(incident) > warnings:
            self.warnings.append((incident, at))
        self.levels[incident.id] = (incident.pages, max(warnings, asked(incident)))
        _, opened, _, risk = self.incidents.get(incident.id, ("", incident.opened, at, 0.0))
        self.incidents[incident.id] = (incident.site, opened, at, max(risk, incident.risk))

    def _judge(self) -> None:
        outcome, scorer = self.outcome, self.scorer
        documents = [label.document() for label in self.world.labels]
        scorer.labels = msgspec.convert(documents, list[Label])
        outcome.site_days = self.backtest.site_days()
        rows = scorer.report(outcome.site_days)["labels"]
        insider = bool(self.case.scenario) and library()[self.case.scenario].insider
        for row, label, document in zip(rows, scorer.labels, documents, strict=True):
            goods, page = document.get("goods"), row["first_page"]
            ahead = (datetime.fromisoformat(goods) - page).total_seconds() if goods and page else None
            more = {"page": label.page, "insider": insider, "leaves": goods is not None, "ahead_s": ahead}
            outcome.labels.append(row | more | {"seed": self.case.seed, "start": label.start})
        true = [label for label in scorer.labels if label.kind == "attack"]
        outcome.false_pages = self._false(self.pages, [label for label in true if label.page])
        outcome.false_warnings = self._false(self.warnings, true)
        for site, opened, last, risk in self.incidents.values():
            hit = any(one.site == site and opened <= one.until and last >= one.start for one in true)
            if hit or not any(one.excuses(site, opened) for one in true):
                outcome.risks.append((round(risk, 4), hit))
        outcome.findings = {name: dict(counts) for name, counts in self.counts.items()}
        outcome.onsets = [(onset.name, onset.delay) for onset in self.probes.onsets if onset.seen is not None]
        outcome.silences = self.probes.silences
        outcome.events, outcome.detect_s = self.shard.stats.events, self.shard.used
        rows = (checkpoints.encode(0.0, {}, self.shard.freeze(site)) for site in self.shard.sites())
        outcome.state_bytes = sum(map(len, rows))
        outcome.devices = sum(_devices(site) for site in self.world.sites)

    def _false(self, cries: Iterable[tuple[Incident, datetime]], true: list[Label]) -> list[Cry]:
        found = []
        for incident, at in cries:
            site = incident.site
            if any(one.holds(site, at) for one in true) or any(one.excuses(site, at) for one in self.scorer.labels):
                continue
            during = next((one.name for one in self.scorer.labels if one.holds(site, at)), "")
            detectors = sorted({step.detector for step in incident.timeline})
            found.append(Cry(site, at, during, incident.risk, detectors, incident.summary))
        return found


def _devices(site: Site) -> int:
    return len(site.powered()) + len(site.radios) + len(site.readers) + len(site.docks) + len(site.gates) + 4


def _silent(site: Site, device: str, clock: float) -> bool:
    """Say whether there was a reason in the last hours for a device, or some device, to be silent."""
    before = clock - 6 * 3600.0
    return any(site.spells.of(what, before, clock, device or None) for what in CAUSES)


def run(case: Case) -> Outcome:
    """Run one case."""
    return Run(case)()
