"""Work announced beforehand explains; a window that comes when it is needed raises the risk instead."""

from typing import Any

import pytest

from streams.incidents.model import Incident
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from tests.incidents.estate import DUGNY, Estate, Row, says

HOUR, DAY = 3600.0, 86400.0
NAME = "alarm.sudden_maintenance"


def recorder(until: float, *lost: float, each: int = 1) -> list[Row]:
    """A recorder that reports every ten minutes, and loses disks at each of these moments."""
    rows = []
    for n in range(int(until // 600)):
        left = 4 - each * sum(at <= 600.0 * n for at in lost)
        rows.append(says(DUGNY, 600.0 * n, "recorder.status", "nvr", disks=left, disks_expected=4, recording=True))
    return rows


def tamper(t: float) -> Row:
    return says(DUGNY, t, "alarm.signal", "panel", code="TA", zone="1")


def night(announced: float | None, start: float = 0.0, end: float = 8 * HOUR, each: int = 1, **more: Any) -> Estate:
    """A recorder loses disks at half past two and at three in the morning; work is announced at a moment."""
    estate, rows = Estate([DUGNY]), recorder(4 * HOUR, 1.5 * HOUR, 2 * HOUR, each=each)
    if announced is None:
        return estate.live(rows, 4 * HOUR)
    begun = estate.clock + 1.0 + announced
    estate.live([row for row in rows if row[0] < begun], announced)
    estate.announce(DUGNY, "m-1", start, end, **more)
    return estate.live([row for row in rows if row[0] >= begun], 4 * HOUR)


def last(estate: Estate) -> Incident:
    return estate.at(DUGNY)


def test_work_announced_beforehand_explains_as_ever() -> None:
    estate = night(5.0, start=1.2 * HOUR, domains=["camera"])
    assert estate.findings("camera.recorder_disks") and not estate.findings(NAME)
    assert not estate.incidents


@pytest.mark.parametrize("moment", [1.7 * HOUR, 3 * HOUR])
def test_a_window_in_the_middle_of_an_attack_hides_nothing_and_raises_the_risk(moment: float) -> None:
    alone = last(night(None))
    estate = night(moment, domains=["camera"])
    [finding] = estate.findings(NAME)
    assert finding.domain == "alarm" and finding.evidence["closed"] and finding.evidence["hides"] == ["camera"]
    told = last(estate)
    assert told.risk > alone.risk
    assert {step.detector for step in told.timeline} > {step.detector for step in alone.timeline}


def test_while_an_incident_is_open_it_pages() -> None:
    """The disks are taken out, and then somebody with a password says that this is nothing."""
    assert (last(night(None, each=2)).severity, last(night(None, each=2)).pages) == ("warning", 0)
    told = last(night(3 * HOUR, each=2))
    assert (told.severity, told.pages, told.domains) == ("critical", 1, ["alarm", "camera"])


def test_by_day_it_takes_nothing_back_and_explains_what_comes_new() -> None:
    estate = Estate([DUGNY]).live([*recorder(HOUR), tamper(HOUR)], 10 * HOUR)  # eleven in the morning
    watch = next(iter(estate.shards.values())).watch(DUGNY)
    assert watch is not None
    [before] = [clue.at(estate.clock) for clue in watch.case.clues.values()]
    estate.announce(DUGNY, "m-1", 10 * HOUR, 12 * HOUR, domains=["alarm"])
    other = says(DUGNY, 10.7 * HOUR, "alarm.signal", "panel-2", code="TA", zone="1")
    estate.live([tamper(10.6 * HOUR), other], 10.8 * HOUR)
    [finding] = estate.findings(NAME)
    assert not finding.evidence["closed"] and finding.evidence["hides"] == ["alarm"]
    weights = {(clue.detector, clue.device): clue.at(estate.clock) for clue in watch.case.clues.values()}
    assert weights["alarm.tamper", "panel"] >= before * 0.9
    assert weights["alarm.tamper", "panel-2"] == 0.0
    assert weights[NAME, DUGNY] > 0.0


def test_a_window_of_the_morning_that_nothing_calls_for_is_nothing_special() -> None:
    estate = Estate([DUGNY]).live(recorder(8 * HOUR), 8 * HOUR)
    estate.announce(DUGNY, "m-1", 8 * HOUR, 12 * HOUR, domains=["alarm"])
    estate.live([tamper(9 * HOUR)], 9.1 * HOUR)
    assert not estate.findings(NAME) and not estate.incidents


def test_what_changes_nothing_or_ends_earlier_is_no_announcement() -> None:
    estate = Estate([DUGNY])
    estate.live(recorder(HOUR), 10.0)
    estate.announce(DUGNY, "m-1", 2 * HOUR, 8 * HOUR)
    estate.live([], 3 * HOUR)  # the middle of the night, and the work is on
    estate.announce(DUGNY, "m-1", 2 * HOUR, 8 * HOUR, owner="the same again")
    estate.announce(DUGNY, "m-1", 2 * HOUR, 3 * HOUR + 5.0)
    assert not estate.live([], 3.1 * HOUR).findings(NAME)
    estate.announce(DUGNY, "m-1", 2 * HOUR, 9 * HOUR)
    assert len(estate.live([], 3.2 * HOUR).findings(NAME)) == 1


def test_a_recurrence_that_is_announced_in_the_night_counts_from_its_next_time_on() -> None:
    estate = night(HOUR, start=0.0, end=4 * HOUR, domains=["camera"], rrule="FREQ=DAILY")
    assert len(estate.findings(NAME)) == 1 and last(estate).severity == "warning"
    works = next(iter(estate.shards.values())).watch(DUGNY)
    assert works is not None
    assert works.works.covers("camera", "nvr", estate.clock + DAY - HOUR)
    assert not works.works.covers("camera", "nvr", estate.clock - HOUR)


def test_doubt_survives_a_restart() -> None:
    estate = night(3 * HOUR, domains=["camera"])
    [shard] = estate.shards.values()
    again = Shard(Registry())
    again.thaw(DUGNY, shard.freeze(DUGNY))
    watch = again.watch(DUGNY)
    assert watch is not None and list(watch.works.records) == ["m-1"]
    assert not watch.works.covers("camera", "nvr", estate.clock - HOUR)
    assert again.freeze(DUGNY) == shard.freeze(DUGNY)
