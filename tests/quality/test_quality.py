"""A quick look at the quality of the pages; `python -m tests.quality` takes the long one."""

from datetime import date, timedelta
from functools import cache

import msgspec
import pytest

from streams.incidents.backtest import Backtest
from streams.incidents.scoring import Label, Scorer
from streams.telemetry.recording import replay
from tests.quality.run import Outcome, run
from tests.quality.suites import Case
from tests.quality.tally import measures, reliability
from tests.recordings import RECORDINGS, needs_recordings

pytestmark = pytest.mark.long

MONDAY = date(2026, 11, 16)
NIGHTS = ("reference-night", "freeze-frame")
ALIKE = ("firmware-night", "wan-outage", "cleaners-alarm")


def recorded(name: str) -> tuple[Scorer, Backtest]:
    folder = RECORDINGS / name
    scorer = Scorer(msgspec.json.decode((folder / "labels.json").read_bytes(), type=list[Label]))
    backtest = Backtest()
    for told in backtest.run(replay([folder / "recording.ndjson.gz"])):
        scorer.take(told)
    return scorer, backtest


@cache
def outcome(kind: str, scenario: str = "", sites: int = 1) -> Outcome:
    return run(Case(kind, scenario, 61, sites, 5, MONDAY, warm_up=3))


@pytest.mark.parametrize("scenario", NIGHTS)
def test_a_night_pages_in_time(scenario: str) -> None:
    night = outcome("attack", scenario)
    [row] = night.labels
    assert row["paged"] and not night.false_pages
    assert row["delay_second_domain_s"] <= 3600
    assert row["ahead_s"] > 0


@pytest.mark.parametrize("scenario", ALIKE)
def test_look_alikes_page_nobody(scenario: str) -> None:
    assert outcome("benign", scenario).false_pages == []


def test_ordinary_days_page_nobody() -> None:
    assert outcome("ordinary", sites=2).false_pages == []


def test_the_measures_are_those_of_the_outcomes() -> None:
    some = [*(outcome("attack", name) for name in NIGHTS), *(outcome("benign", name) for name in ALIKE)]
    found = {one.name: one for one in measures([*some, outcome("ordinary", sites=2)])}
    assert found["attacks that must page, paged"].value == 100 and found["attacks that must page, paged"].count == 2
    assert found["false pages, ordinary life"].value == 0 and found["false pages, ordinary life"].count >= 9
    assert found["supply cut → finding, median"].good and found["supply cut, found"].value == 100
    assert sum(row["count"] for row in reliability(some)) == sum(len(one.risks) for one in some)


@needs_recordings
def test_the_recorded_reference_night_pages_before_goods_leave() -> None:
    scorer, backtest = recorded("reference-night")
    [label] = scorer.labels
    [row] = scorer.report(backtest.site_days())["labels"]
    goods = min(stage.time for stage in label.stages if stage.domain == "shipment")
    assert row["paged"] and row["first_page"] < goods - timedelta(minutes=30)
    assert scorer.report(1.0)["false_pages"] == 0
    assert sum(backtest.refused.values()) == 5


@needs_recordings
def test_the_recorded_ordinary_week_pages_nobody() -> None:
    scorer, backtest = recorded("ordinary-week")
    assert scorer.pages == []
    assert sum(backtest.refused.values()) == 5
