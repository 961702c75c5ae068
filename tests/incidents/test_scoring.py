from datetime import UTC, datetime, timedelta

from streams.incidents.model import Incident, Severity
from streams.incidents.scoring import Label, Scorer

NIGHT = datetime(2026, 11, 20, 1, tzinfo=UTC)


def incident(severity: Severity, pages: int, warnings: int) -> Incident:
    return Incident(
        id="A-1", revision=1, site="A", status="open", severity=severity, pages=pages, risk=0.5, domains=["power"],
        opened=NIGHT, updated=NIGHT, closed=None, summary="", timeline=[], verdict=None,
        warnings=warnings,
    )  # fmt: skip


def scored(*told: tuple[float, Severity, int], warnings: int = 1) -> dict[str, object]:
    """Score changes of one incident (minutes after one o'clock, severity, pages) against an attack from 2 to 3.

    The last change has asked so often for somebody to look.
    """
    label = Label(
        site="A", start=NIGHT + timedelta(hours=1), end=NIGHT + timedelta(hours=2), name="x", kind="attack", page=True
    )
    scorer = Scorer([label])
    for number, (minutes, severity, pages) in enumerate(told, 1):
        at, asked = NIGHT + timedelta(minutes=minutes), warnings if number == len(told) else 1
        scorer.take({"time": at, "event": "updated", "incident": incident(severity, pages, asked)})
    report = scorer.report(1.0)
    row: dict[str, object] = report["labels"][0]
    return row | report


def test_a_page_is_more_than_a_warning_even_where_there_was_one_before() -> None:
    row = scored((0, "warning", 0), (80, "critical", 1))
    assert row["paged"] and row["warned"]
    assert row["recall"] == row["warn_recall"] == 1.0
    assert row["false_warnings_per_site_month"] == 30.4375 and row["false_pages"] == 0


def test_what_was_told_before_the_attack_is_not_of_it() -> None:
    row = scored((0, "warning", 0), (70, "warning", 0))
    assert not row["paged"] and not row["warned"]


def test_a_further_warning_is_one_of_its_own() -> None:
    row = scored((0, "warning", 0), (70, "warning", 0), warnings=2)
    assert row["warned"] and not row["paged"]
    assert row["false_warnings_per_site_month"] == 30.4375


def test_a_page_belongs_to_the_attack_for_half_an_hour_more() -> None:
    assert scored((149, "critical", 1))["paged"]
    late = scored((151, "critical", 1))
    assert not late["paged"] and late["false_pages"] == 1
