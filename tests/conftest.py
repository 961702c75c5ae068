"""Real brokers for every test that needs one."""

import os
from collections.abc import Iterator

import pytest

from streams.local.kafka import Cluster


def pytest_configure() -> None:
    """Test what is written, and not what somebody compiled; that both answer the same is a test of its own."""
    os.environ["TOCSIN_PLAIN"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: the processes then end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One broker for the whole session."""
    with Cluster() as running:
        yield running


@pytest.fixture(scope="session")
def kafka(cluster: Cluster) -> str:
    """Where the session's broker answers."""
    return cluster.bootstrap


@pytest.fixture
def three_brokers() -> Iterator[Cluster]:
    """Three brokers of one test's own, to be killed, stopped, paused and started again."""
    running = Cluster(3).start()
    yield running
    running.kill()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long suites be asked for."""
    parser.addoption("--full", action="store_true", help="all faults and pairs of them (some 40 minutes), not a few")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the long suites one after the other: they measure times."""
    if config.getoption("--full"):
        config.option.numprocesses, config.option.dist = 0, "no"
