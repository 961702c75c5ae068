"""One plant and one checker for all faults, and the table of what came of them."""

from collections.abc import Iterator

import pytest

from tests.faults import table
from tests.faults.checker import Checker, Verdict
from tests.faults.faults import FAULTS
from tests.faults.plant import Plant

VERDICTS = pytest.StashKey[dict[str, Verdict]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[VERDICTS] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for."""
    if not config.getoption("--full"):
        left = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table, and after a full run put it into the README."""
    if verdicts := config.stash[VERDICTS]:
        terminalreporter.write_line(table.table(verdicts))
        if verdicts.keys() >= FAULTS.keys():
            table.write(verdicts)


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Plant]:
    """Three brokers and two workers; a third may come."""
    disk = 1500 if pytestconfig.getoption("--full") else 0
    with Plant(tmp_path_factory.mktemp("plant"), disk=disk) as running:
        yield running.start(2)


@pytest.fixture(scope="session")
def checker(plant: Plant) -> Iterator[Checker]:
    """What judges every run."""
    following = Checker(plant)
    yield following
    following.close()


@pytest.fixture
def verdicts(pytestconfig: pytest.Config) -> dict[str, Verdict]:
    """Where the tests leave their verdicts for the table."""
    return pytestconfig.stash[VERDICTS]
