"""How good the pages were: incidents against labels of what really happened."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from streams.incidents.model import Incident

GRACE = timedelta(minutes=30)
"""How long after a label's end a page still belongs to it."""


class LabelStage(Struct, frozen=True):
    """One step of what happened."""

    time: datetime
    domain: str
    name: str


class Label(Struct, frozen=True, kw_only=True):
    """What really happened at a site, and whether it deserved a page."""

    site: str
    start: datetime
    end: datetime
    name: str
    kind: Literal["attack", "benign"]
    page: bool = False
    aftermath: datetime | None = None
    stages: list[LabelStage] = []

    @property
    def until(self) -> datetime:
        """The last moment at which a page is true."""
        return self.end + GRACE

    def holds(self, site: str, at: datetime) -> bool:
        """Whether a page at this site and time belongs to the label."""
        return site == self.site and self.start <= at <= self.until

    def excuses(self, site: str, at: datetime) -> bool:
        """Whether a page falls into the label's aftermath, in which it counts as neither true nor false."""
        return site == self.site and self.aftermath is not None and self.until < at <= self.aftermath


class Scorer:
    """Collects pages, warnings and findings of a run and compares them with labels."""

    def __init__(self, labels: list[Label]) -> None:
        self.labels = labels
        self.pages: list[tuple[str, datetime]] = []
        self.warnings: list[tuple[str, datetime]] = []
        self.findings: list[tuple[str, datetime]] = []
        self._seen: dict[str, tuple[int, int]] = {}

    def take(self, told: dict[str, Any]) -> None:
        """Take one event of a backtest."""
        at = told["time"]
        if told["event"] == "finding":
            self.findings.append((told["finding"].site, at))
        incident = told.get("incident")
        if not isinstance(incident, Incident):
            return
        pages, warnings = self._seen.get(incident.id, (0, 0))
        if incident.pages > pages:
            self.pages.append((incident.site, at))
        if asked(incident) > warnings:
            self.warnings.append((incident.site, at))
        self._seen[incident.id] = (incident.pages, max(warnings, asked(incident)))

    def report(self, site_days: float) -> dict[str, Any]:
        """Return the figures of the contract; rates are None where there is nothing to count."""
        attacks = [label for label in self.labels if label.kind == "attack"]
        rows = [self._row(label) for label in self.labels]
        must = [row for row, label in zip(rows, self.labels, strict=True) if label in attacks and label.page]
        warn = [row for row, label in zip(rows, self.labels, strict=True) if label in attacks]
        false_pages = self._false(self.pages, [label for label in attacks if label.page])
        false_warnings = self._false(self.warnings, attacks)
        return {
            "labels": rows,
            "site_days": round(site_days, 3),
            "recall": _share(row["paged"] for row in must),
            "warn_recall": _share(row["warned"] for row in warn),
            "false_pages": false_pages,
            "false_pages_per_site_year": round(false_pages / site_days * 365.25, 4) if site_days else None,
            "false_warnings_per_site_month": round(false_warnings / site_days * 30.4375, 4) if site_days else None,
        }

    def _row(self, label: Label) -> dict[str, Any]:
        page = _first(self.pages, label)
        stages = sorted(label.stages, key=lambda stage: stage.time)
        seconds = [stage for stage in stages if stage.domain != stages[0].domain]
        return {
            "site": label.site,
            "name": label.name,
            "kind": label.kind,
            "paged": page is not None,
            "warned": page is not None or _first(self.warnings, label) is not None,
            "first_finding": _first(self.findings, label),
            "first_page": page,
            "delay_s": (page - stages[0].time).total_seconds() if page and stages else None,
            "delay_second_domain_s": (page - seconds[0].time).total_seconds() if page and seconds else None,
        }

    def _false(self, events: list[tuple[str, datetime]], true: list[Label]) -> int:
        return sum(
            not any(label.holds(site, at) for label in true) and not any(x.excuses(site, at) for x in self.labels)
            for site, at in events
        )


def asked(incident: Incident) -> int:
    """How often it has asked for somebody to look at it; one that pages at once has done so, too."""
    return max(incident.warnings, int(incident.severity != "info"))


def _first(events: list[tuple[str, datetime]], label: Label) -> datetime | None:
    return next((at for site, at in events if label.holds(site, at)), None)


def _share(hits: Iterable[bool]) -> float | None:
    found = list(hits)
    return round(sum(found) / len(found), 4) if found else None
