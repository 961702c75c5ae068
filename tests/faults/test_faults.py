"""Nothing lost, nothing twice, whatever happens: each fault under load, on three brokers and two or three workers."""

import logging
from random import Random

import pytest

from tests.faults.checker import Checker, Verdict
from tests.faults.faults import FAULTS, both
from tests.faults.plant import Plant
from tests.faults.scene import play

log = logging.getLogger("faults")

PAIRS = 6
SEED = 20261123


def pairs() -> list[tuple[str, str]]:
    """Draw pairs of faults that may meet."""
    dice, names = Random(SEED), [name for name, fault in FAULTS.items() if fault.paired]
    return [tuple(dice.sample(names, 2)) for _ in range(PAIRS)]


def chosen(config: pytest.Config, name: str) -> None:
    if not config.getoption("--full") and not FAULTS[name].quick:
        pytest.skip("only with --full")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault(
    name: str, pytestconfig: pytest.Config, plant: Plant, checker: Checker, verdicts: dict[str, Verdict]
) -> None:
    chosen(pytestconfig, name)
    fault = FAULTS[name]
    verdict = verdicts[name] = play(plant, checker, fault.deed, SEED + list(FAULTS).index(name))
    for invariant in fault.ignored:
        verdict.violations[invariant].clear()
    log.info("%s: %s", name, verdict)
    assert verdict.good, str(verdict)
    assert verdict.incidents and verdict.pages, "a run without an incident shows little"
    # Beside other tests everything takes longer; what is promised is measured by the whole suite alone.
    assert verdict.gap <= fault.gap * (1 if pytestconfig.getoption("--full") else 3)


@pytest.mark.parametrize(("one", "other"), pairs())
def test_two_faults_at_once(
    one: str, other: str, pytestconfig: pytest.Config, plant: Plant, checker: Checker, verdicts: dict[str, Verdict]
) -> None:
    if not pytestconfig.getoption("--full"):
        pytest.skip("only with --full")
    deed = both(FAULTS[one].deed, FAULTS[other].deed)
    verdict = verdicts[f"{one} + {other}"] = play(plant, checker, deed, SEED)
    log.info("%s + %s: %s", one, other, verdict)
    assert verdict.good, str(verdict)
    assert verdict.gap <= 60
