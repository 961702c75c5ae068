"""Real brokers for every test that needs one."""

from collections.abc import Iterator

import pytest

from streams.local.kafka import Cluster


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
