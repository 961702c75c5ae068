"""A drill's shadow: moved, renamed, marked, and with a past."""

import json
from datetime import datetime

import pytest

from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.local.outcome import Outcome
from streams.local.shadow import Shadow, ShadowError
from streams.telemetry.control import is_drill
from tests.alerts.story import critical, incident

BEGINS = 1_800_000_000.0


def test_its_life_reaches_up_to_now_and_its_attack_begins_when_it_is_told_to() -> None:
    shadow = Shadow("B-2", "smash-and-grab", BEGINS, 1)
    blob = shadow.live(lambda: BEGINS - 60)
    assert is_drill(shadow.name) and shadow.name.endswith("-B-2")
    shard = Shard(Registry())
    shard.thaw(shadow.name, blob)
    watch = shard.watch(shadow.name)
    assert watch is not None and watch.profile == shadow.profile
    assert watch.clock == BEGINS - 60 or watch.clock == pytest.approx(BEGINS - 60, abs=60)
    assert len(watch.trackers) > 10 and BEGINS - watch.scene.first > 86400.0
    assert shadow.label is not None and shadow.moved(shadow.label.start) == pytest.approx(BEGINS, abs=1)
    lines = shadow.lines()
    for _ in range(300):
        line = next(lines)
        said = json.loads(line.value or b"")
        for one in said if isinstance(said, list) else [said]:
            assert (one["site"], one["drill"]) == (shadow.name, True)
            assert datetime.fromisoformat(one["time"]).timestamp() > BEGINS - 4000
        assert line.key == shadow.name.encode() and (line.received or 0) > BEGINS - 60
        assert line.topic.startswith("telemetry.")


def test_two_shadows_of_a_site_live_the_same_life_under_two_names() -> None:
    one, other = (Shadow("B-2", "smash-and-grab", BEGINS, 1) for _ in range(2))
    assert one.name != other.name
    for first, second, _ in zip(one.lines(), other.lines(), range(500), strict=False):
        assert (first.value or b"").replace(one.name.encode(), other.name.encode()) == second.value


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("blackout", "no attack"),
        ("diversion", "2 sites"),
        ("shrinkage", "days, a drill"),
        ("no-such", "there is no scenario"),
    ],
)
def test_what_can_not_be_drilled_is_refused(scenario: str, words: str) -> None:
    with pytest.raises(ShadowError, match=words):
        Shadow("A-1", scenario, BEGINS, 1)


def test_a_long_name_is_cut() -> None:
    assert len(Shadow("A" * 32, "smash-and-grab", BEGINS, 1).name) == 32


def test_what_stood_before_the_attack_is_no_answer_to_it() -> None:
    shadow = Shadow("B-2", "smash-and-grab", BEGINS, 1)
    shadow.live(lambda: BEGINS - 60)
    shadow.under_way["i-1"] = "warning", 0
    assert shadow.label is not None
    outcome = Outcome.of("B-2", "smash-and-grab", shadow, shadow.label)
    first = outcome.began.timestamp()
    outcome.changed(incident("i-2", severity="warning"), first - 5)
    for name in ("i-1", "i-2"):
        outcome.changed(incident(name, severity="warning"), first + 2)
    assert (outcome.warned_s, outcome.paged_s, outcome.noticed) == (None, None, False)
    outcome.changed(critical("i-1"), first + 20)
    assert (outcome.warned_s, outcome.paged_s, outcome.noticed) == (20, 20, True)
    outcome.ended(first + 21)
    assert outcome.stages[0].reached and not outcome.stages[-1].reached
