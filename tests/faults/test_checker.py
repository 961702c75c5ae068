"""The checker is tested too: a pipeline that is broken in one place is found out, and by what is broken."""

from collections.abc import Iterator
from random import Random
from signal import SIGKILL
from time import sleep

import pytest

from tests.faults.checker import Checker
from tests.faults.load import Load
from tests.faults.memory import marks
from tests.faults.place import until
from tests.faults.plant import PARTITIONS, Plant
from tests.faults.sabotage import SABOTAGE
from tests.faults.scene import play

NOTICED = {
    "ack_before_snapshot": {"commits"},
    "skip_the_offset_check": {"twice", "state"},
    "drop_an_incident": {"incidents"},
    "drop_a_finding": {"findings"},
    "drop_a_dead_letter": {"dead letters"},
    "mark_before_rows": {"lost"},
    "read_on_at_the_end": {"lost"},
    "number_by_process": {"incidents"},
}


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """One broker is enough to be wrong on."""
    with Plant(tmp_path_factory.mktemp("sabotage"), brokers=1, workers=1) as running:
        yield running.start(0)


@pytest.fixture(scope="module")
def checker(plant: Plant) -> Iterator[Checker]:
    following = Checker(plant)
    yield following
    following.close()


def wait(plant: Plant, dice: Random, load: Load) -> None:
    sleep(6)


def kill(plant: Plant, dice: Random, load: Load) -> None:
    plant.workers[0].send(SIGKILL)


def kill_while_it_saves(plant: Plant, dice: Random, load: Load) -> None:
    for _ in range(3):
        until(plant.workers[0].ready, "the worker's partitions")
        sleep(plant.settings.snapshot_s + dice.uniform(0.3, 1.3))
        plant.workers[0].send(SIGKILL)
        sleep(0.5)


def kill_when_it_has_saved(plant: Plant, dice: Random, load: Load) -> None:
    for _ in range(3):
        until(plant.workers[0].ready, "the worker's partitions")
        wait_for_marks(plant)
        plant.workers[0].send(SIGKILL)
        sleep(0.5)


def wait_for_marks(plant: Plant) -> None:
    before = marks(plant).items()
    until(lambda: len(marks(plant).items() - before) == PARTITIONS, "a mark of each partition")


DEEDS = {
    "skip_the_offset_check": kill_when_it_has_saved,
    "mark_before_rows": kill_while_it_saves,
    "read_on_at_the_end": kill,
    "number_by_process": kill,
}


def test_everything_that_can_be_broken_is_tried() -> None:
    assert SABOTAGE.keys() == NOTICED.keys()


@pytest.mark.full
@pytest.mark.parametrize("sabotage", NOTICED)
def test_sabotage_is_noticed(sabotage: str, plant: Plant, checker: Checker) -> None:
    worker = plant.workers[0]
    worker.end()
    worker.environment["FAULTS_SABOTAGE"] = sabotage
    verdict = play(plant, checker, DEEDS.get(sabotage, wait), seed=1, rate=3000, workers=1)
    found = {name for name, texts in verdict.violations.items() if texts}
    assert NOTICED[sabotage] & found, f"{sabotage} was not noticed: {verdict}"


@pytest.mark.full
def test_what_is_sound_is_not_blamed(plant: Plant, checker: Checker) -> None:
    worker = plant.workers[0]
    worker.end()
    worker.environment.pop("FAULTS_SABOTAGE", None)
    verdict = play(plant, checker, kill, seed=1, rate=3000, workers=1)
    assert verdict.good, str(verdict)
    assert verdict.incidents
