"""A quick look at the quality of the pages; `python -m tests.quality` takes the long one."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from streams.incidents.backtest import Backtest
from streams.incidents.scoring import Label, Scorer
from streams.telemetry.recording import replay
from tests.quality.run import simulated

pytestmark = pytest.mark.long

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "recordings"
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="../shared/data/recordings is not here")


def recorded(name: str) -> tuple[Scorer, Backtest]:
    folder = RECORDINGS / name
    scorer = Scorer(msgspec.json.decode((folder / "labels.json").read_bytes(), type=list[Label]))
    backtest = Backtest()
    for told in backtest.run(replay([folder / "recording.ndjson.gz"])):
        scorer.take(told)
    return scorer, backtest


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_a_simulated_reference_night_pages_in_time(seed: int) -> None:
    report = simulated(seed, 1, 3, "reference-night")
    [row] = report["labels"]
    assert row["paged"] and report["false_pages"] == 0
    assert row["delay_second_domain_s"] <= 180
    [label] = report["stages"]
    loaded = min(stage.time for stage in label.stages if stage.domain == "shipment")
    assert row["first_page"].timestamp() < loaded


@pytest.mark.parametrize("seed", [51, 52])
def test_ordinary_days_page_nobody(seed: int) -> None:
    assert simulated(seed, 3, 4)["pages"] == 0


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
