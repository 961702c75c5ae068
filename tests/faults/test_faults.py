"""Nothing lost, nothing twice, whatever happens: each fault under load, on three brokers and two or three workers."""

import logging
from random import Random
from signal import SIGCONT, SIGKILL, SIGSTOP
from time import sleep

import pytest

from tests.faults.brokers import kill_the_leader
from tests.faults.checker import Checker, Verdict
from tests.faults.faults import FAULTS, both
from tests.faults.lines import workers_of
from tests.faults.load import Load
from tests.faults.plant import Plant
from tests.faults.scene import play

log = logging.getLogger("faults")

PAIRS = 6
DRAIN = 1.5
"""At how many times its load a site that had to wait must catch up."""
SEED = 20261123


def pairs() -> list[tuple[str, str]]:
    """Draw pairs of faults that may meet."""
    dice, names = Random(SEED), [name for name, fault in FAULTS.items() if fault.paired]
    return [(one, other) for one, other in (dice.sample(names, 2) for _ in range(PAIRS))]


def a_bad_minute(plant: Plant, dice: Random, load: Load) -> None:
    """A worker stops for longer than its session while a broker dies, another one is killed, and all amid poison."""
    load.toxic = 10
    stopped, killed = dice.sample(workers_of(plant), 2)
    stopped.send(SIGSTOP)
    kill_the_leader(plant, dice, load)
    sleep(2)
    stopped.send(SIGCONT)
    sleep(2)
    killed.send(SIGKILL)
    sleep(6)
    load.toxic = 1


@pytest.mark.long
def test_a_bad_minute(plant: Plant, checker: Checker) -> None:
    verdict = play(plant, checker, a_bad_minute, SEED, rate=2000, patience=300)
    assert verdict.good, str(verdict)
    assert verdict.incidents and verdict.pages, "a run without an incident shows little"


@pytest.mark.full
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault(name: str, plant: Plant, checker: Checker, verdicts: dict[str, Verdict]) -> None:
    fault = FAULTS[name]
    verdict = verdicts[name] = play(plant, checker, fault.deed, SEED + list(FAULTS).index(name))
    for invariant in fault.ignored:
        verdict.violations[invariant].clear()
    log.info("%s: %s", name, verdict)
    assert verdict.good, str(verdict)
    assert verdict.incidents and verdict.pages, "a run without an incident shows little"
    assert verdict.gap <= fault.gap
    assert verdict.drained is None or verdict.drained >= DRAIN


@pytest.mark.full
@pytest.mark.parametrize(("one", "other"), pairs())
def test_two_faults_at_once(one: str, other: str, plant: Plant, checker: Checker, verdicts: dict[str, Verdict]) -> None:
    deed = both(FAULTS[one].deed, FAULTS[other].deed)
    verdict = verdicts[f"{one} + {other}"] = play(plant, checker, deed, SEED)
    log.info("%s + %s: %s", one, other, verdict)
    assert verdict.good, str(verdict)
    assert verdict.gap <= 60
