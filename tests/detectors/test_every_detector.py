"""What holds for every detector there is; a new file in `detectors/` is found and held to it."""

import copy
from typing import Any

import pytest
from msgspec import msgpack

from detectors.bank import catalogue
from detectors.base import Detector
from detectors.state import dump, fill
from tests.detectors.story import event, scene, tell

EVERY = pytest.mark.parametrize("kind", catalogue(), ids=lambda kind: kind.name)


@EVERY
def test_quiet_example_gives_no_sign(kind: type[Detector[Any]]) -> None:
    assert tell(kind(), kind.quiet()) == []


@EVERY
def test_firing_example_gives_a_sign(kind: type[Detector[Any]]) -> None:
    signs = tell(kind(), kind.firing())
    assert signs
    for sign in signs:
        assert 0 < sign.score <= 1
        assert sign.summary[0].isupper() and sign.summary.endswith(".")
        assert sign.evidence


@EVERY
def test_scoring_changes_no_state(kind: type[Detector[Any]]) -> None:
    detector, where = kind(), scene()
    tell(detector, kind.firing(), where)
    for row in kind.firing():
        if row.get("type") in kind.reads:
            before = copy.deepcopy(dump(detector))
            detector.score_one(event(row), where)
            assert dump(detector) == before


@EVERY
def test_state_survives_a_round_trip(kind: type[Detector[Any]]) -> None:
    rows = list(kind.firing())
    whole, where = kind(), scene()
    expected = [repr(sign) for sign in tell(whole, rows, where)]
    for cut in {1, len(rows) // 2, len(rows) - 1}:
        first, second, where = kind(), kind(), scene()
        signs = tell(first, rows[:cut], where)
        fill(second, msgpack.decode(msgpack.encode(dump(first))))  # as a snapshot carries it
        signs += tell(second, rows[cut:], where)
        assert [repr(sign) for sign in signs] == expected
        assert dump(second) == dump(whole)


@EVERY
def test_says_what_it_is(kind: type[Detector[Any]]) -> None:
    assert kind.__doc__
    assert kind.name.startswith(f"{kind.domain}.")
    assert kind.title and kind.sort and kind.stage and kind.scope
    assert kind.reads and all(
        read.startswith(("power.", "alarm.", "camera.", "recorder.", "rfid.", "shipment.", "site.maintenance"))
        for read in kind.reads
    )
    assert 0 < kind.hit <= 1 and kind.rate > 0
    names = {other.name for other in catalogue()}
    assert set(kind.explained_by) <= names
