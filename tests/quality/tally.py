"""From many outcomes to the measures that the platform is held to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, quantiles
from typing import Any

from tests.quality.run import Cry, Outcome

YEAR, MONTH = 365.25, 30.4375
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Measure:
    """One line of the table: `value` is None where there was nothing to measure; `count` is over how many."""

    name: str
    value: float | None
    unit: str
    floor: float | None = None
    aim: float | None = None
    least: bool = False
    """Whether the floor is the least that it may be, and not the most."""
    count: int = 0

    @property
    def good(self) -> bool:
        """Whether the floor is held."""
        if self.value is None or self.floor is None:
            return True
        return self.value >= self.floor if self.least else self.value <= self.floor


def measures(outcomes: Sequence[Outcome]) -> list[Measure]:
    """Work out all measures."""
    rows = [row for outcome in outcomes for row in outcome.labels if row["kind"] == "attack"]
    return [*_attacks(rows), *_quiet(outcomes), *_sharp(outcomes), *_cost(outcomes), *_calibrated(outcomes)]


def _attacks(rows: Rows) -> list[Measure]:
    must, hint = [row for row in rows if row["page"]], [row for row in rows if not row["page"]]
    delays = [row["delay_second_domain_s"] / 60 for row in must if row["delay_second_domain_s"] is not None]
    leave = [row for row in must if row["leaves"] and not row["insider"]]
    ahead = [row["ahead_s"] is not None and row["ahead_s"] > 0 for row in leave]
    return [
        Measure("attacks that must page, paged", _share(row["paged"] for row in must), "%", 95, 100, True, len(must)),
        Measure("attacks to warn of, warned", _share(row["warned"] for row in hint), "%", 80, 100, True, len(hint)),
        Measure("all attacks, warned", _share(row["warned"] for row in rows), "%", None, None, True, len(rows)),
        Measure("page after the second domain, median", _middle(delays), "min", 5, 1, False, len(delays)),
        Measure("page after the second domain, p90", _p90(delays), "min", 30, 10, False, len(delays)),
        Measure("page before the first goods leave", _share(ahead), "%", 80, 100, True, len(ahead)),
    ]


def _quiet(outcomes: Sequence[Outcome]) -> list[Measure]:
    found = []
    for title, kinds in (("ordinary life", ("ordinary",)), ("look-alikes", ("benign",)), ("attacks", ("attack",))):
        some = [outcome for outcome in outcomes if outcome.case.kind in kinds]
        days = sum(outcome.site_days for outcome in some)
        pages = sum(len(outcome.false_pages) for outcome in some)
        warnings = sum(len(outcome.false_warnings) for outcome in some)
        bound = title == "ordinary life"
        paging, page_aim, warning, warn_aim = (0.5, 0.1, 2.0, 0.5) if bound else (None, None, None, None)
        found += [
            Measure(f"false pages, {title}", _rate(pages, days, YEAR), "a site-year", paging, page_aim, False,
                    round(days)),
            Measure(f"false warnings, {title}", _rate(warnings, days, MONTH), "a site-month", warning, warn_aim, False,
                    round(days)),
        ]  # fmt: skip
    rows = [row for outcome in outcomes for row in outcome.labels if row["kind"] == "benign"]
    shown = [outcome for outcome in outcomes if outcome.case.kind == "benign"]
    return [
        *found,
        Measure("look-alikes that page", _share(_during(one.false_pages) for one in shown), "%", None, 0, False,
                len(rows)),
        Measure("look-alikes that warn", _share(_during(one.false_warnings) for one in shown), "%", None, 0, False,
                len(rows)),
    ]  # fmt: skip


def _sharp(outcomes: Sequence[Outcome]) -> list[Measure]:
    found = []
    onsets = [onset for outcome in outcomes for onset in outcome.onsets]
    for name in sorted({name for name, _ in onsets}):
        delays = [delay for kind, delay in onsets if kind == name]
        seen = [delay for delay in delays if delay is not None]
        found.append(Measure(f"{name} → finding, median", _middle(seen), "s", 10, 2, False, len(seen)))
        found.append(Measure(f"{name} → finding, p90", _p90(seen), "s", None, None, False, len(seen)))
        found.append(Measure(f"{name}, found", _share(delay is not None for delay in delays), "%", None, 100, True,
                             len(delays)))  # fmt: skip
    silences = [one for outcome in outcomes for one in outcome.silences]
    seen = [one for one in silences if one is not None]
    years = sum(outcome.devices * outcome.site_days / max(outcome.case.sites, 1) for outcome in outcomes) / YEAR
    false = sum(outcome.false_silences for outcome in outcomes)
    return [
        *found,
        Measure("device silence → finding, median", _middle(seen), "intervals", 3, 2, False, len(seen)),
        Measure("device silence, found", _share(one is not None for one in silences), "%", None, 100, True,
                len(silences)),
        Measure("false silences", false / years if years else None, "a device-year", 1, None, False, false),
    ]  # fmt: skip


def _cost(outcomes: Sequence[Outcome]) -> list[Measure]:
    events = sum(outcome.events for outcome in outcomes)
    used = sum(outcome.detect_s for outcome in outcomes)
    each = [1e6 * outcome.detect_s / outcome.events for outcome in outcomes if outcome.events]
    lived = sum(outcome.live_s for outcome in outcomes)
    state = [outcome.state_bytes / outcome.devices / 1000 for outcome in outcomes if outcome.devices]
    return [
        Measure("detection, CPU of the core, median case", _middle(each), "µs/event", 15, 6, False, events),
        Measure("simulation", lived / used * 100 if used else None, "% of detection"),
        Measure("state, as stored", _middle(state), "kB/device", 2, 0.5, False, len(state)),
    ]


def _calibrated(outcomes: Sequence[Outcome]) -> list[Measure]:
    risks = [risk for outcome in outcomes for risk in outcome.risks]
    brier = fmean([(risk - hit) ** 2 for risk, hit in risks]) if risks else None
    error = sum(row["count"] * abs(row["risk"] - row["true"]) for row in reliability(outcomes)) / max(len(risks), 1)
    return [
        Measure("Brier score of the risk", brier, "", count=len(risks)),
        Measure("expected calibration error", error, "", count=len(risks)),
    ]


def reliability(outcomes: Iterable[Outcome]) -> Rows:
    """Compare predicted risk with the share that was true, bin by bin."""
    risks = [risk for outcome in outcomes for risk in outcome.risks]
    rows = []
    for low, high in pairwise(BINS):
        those = [(risk, hit) for risk, hit in risks if low <= risk < high]
        if those:
            mean, share = fmean(risk for risk, _ in those), fmean(hit for _, hit in those)
            rows.append({"from": low, "to": min(high, 1.0), "risk": mean, "true": share, "count": len(those)})
    return rows


def base_rates(outcomes: Iterable[Outcome]) -> Rows:
    """Findings a site-month in ordinary life by detector: mean and largest over the sites."""
    counts: dict[str, Counter[tuple[int, str]]] = {}
    months = 0.0
    each: dict[tuple[int, str], float] = {}
    for outcome in outcomes:
        if outcome.case.kind != "ordinary":
            continue
        months += outcome.site_days / MONTH
        for detector, sites in outcome.findings.items():
            for site, number in sites.items():
                counts.setdefault(detector, Counter())[outcome.case.seed, site] += number
                each[outcome.case.seed, site] = outcome.site_days / outcome.case.sites / MONTH
    return [
        {
            "detector": detector,
            "mean": sum(found.values()) / months,
            "max": max(number / each[site] for site, number in found.items()),
        }
        for detector, found in sorted(counts.items())
    ]


def _during(cries: list[Cry]) -> bool:
    return any(cry.during for cry in cries)


def _share(hits: Iterable[bool]) -> float | None:
    found = list(hits)
    return 100 * sum(found) / len(found) if found else None


def _rate(number: int, days: float, span: float) -> float | None:
    return number / days * span if days else None


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _p90(values: Sequence[float]) -> float | None:
    return quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else _middle(values)
