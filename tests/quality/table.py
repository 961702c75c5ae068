"""The report as people read it."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.quality.run import Cry, Outcome
from tests.quality.tally import Measure, base_rates, measures, reliability


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print all tables."""
    console.print(_measures(measures(outcomes)))
    for kind in ("attack", "benign"):
        console.print(_scenarios([outcome for outcome in outcomes if outcome.case.kind == kind], kind))
    ordinary = [outcome for outcome in outcomes if outcome.case.kind == "ordinary"]
    if ordinary:
        console.print(_callers(ordinary))
        rates = Table("detector", "findings a site-month", "at the worst site", title="base rates in ordinary life")
        for row in base_rates(outcomes):
            rates.add_row(row["detector"], f"{row['mean']:.2f}", f"{row['max']:.1f}")
        console.print(rates)
    diagram = Table("risk", "mean risk", "true", "incidents", title="reliability")
    for row in reliability(outcomes):
        diagram.add_row(f"{row['from']:.1f}–{row['to']:.1f}", f"{row['risk']:.2f}", f"{row['true']:.2f}",
                        str(row["count"]))  # fmt: skip
    console.print(diagram)


def _measures(found: list[Measure]) -> Table:
    table = Table("measure", "value", "unit", "floor", "aim", "over", "", title="quality")
    for one in found:
        value = "–" if one.value is None else f"{one.value:.2f}"
        bounds = ["" if bound is None else f"{'≥' if one.least else '≤'} {bound:g}" for bound in (one.floor, one.aim)]
        table.add_row(one.name, value, one.unit, *bounds, str(one.count or ""), "" if one.good else "missed")
    return table


def _scenarios(outcomes: list[Outcome], kind: str) -> Table:
    table = Table("scenario", "runs", "paged", "warned", "min after 2nd domain", "min before goods", "who called",
                  title=f"{kind} scenarios")  # fmt: skip
    for name in sorted({outcome.case.scenario for outcome in outcomes}):
        those = [outcome for outcome in outcomes if outcome.case.scenario == name]
        rows = [row for outcome in those for row in outcome.labels]
        delays = [row["delay_second_domain_s"] for row in rows]
        ahead = [row["ahead_s"] for row in rows if row["leaves"]]
        cries = [cry for outcome in those for cry in (outcome.false_pages or outcome.false_warnings)]
        must = "" if kind == "benign" else " (warn)" if not any(row["page"] for row in rows) else ""
        table.add_row(
            name + must,
            str(len(those)),
            f"{sum(row['paged'] for row in rows)}/{len(rows)}",
            f"{sum(row['warned'] for row in rows)}/{len(rows)}",
            " ".join("–" if delay is None else f"{delay / 60:.0f}" for delay in delays),
            " ".join("–" if left is None else f"{left / 60:.0f}" for left in ahead),
            _names(cries),
        )
    return table


def _callers(outcomes: list[Outcome]) -> Table:
    table = Table("cry", "site-days", "number", "by which detectors", title="false calls in ordinary life")
    days = f"{sum(outcome.site_days for outcome in outcomes):.0f}"
    pages = [cry for outcome in outcomes for cry in outcome.false_pages]
    warnings = [cry for outcome in outcomes for cry in outcome.false_warnings]
    table.add_row("pages", days, str(len(pages)), _names(pages))
    table.add_row("warnings", days, str(len(warnings)), _names(warnings))
    return table


def _names(cries: list[Cry]) -> str:
    """Count in how many of these incidents each detector stands."""
    counts = Counter(detector for cry in cries for detector in cry.detectors)
    return ", ".join(f"{name} {number}" for name, number in counts.most_common(8))
