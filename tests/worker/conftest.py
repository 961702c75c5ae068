"""A broker of the worker tests' own: their cores count, and so their state is none for a real worker."""

from collections.abc import Iterator

import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure

PARTITIONS = 4


@pytest.fixture(scope="session")
def road_cluster() -> Iterator[Cluster]:
    """One broker with all topics."""
    with Cluster() as running:
        ensure(Settings(brokers=running.bootstrap, partitions=PARTITIONS))
        yield running


@pytest.fixture(scope="session")
def road(road_cluster: Cluster) -> tuple[str, int]:
    """Where it answers, and how many partitions telemetry has."""
    return road_cluster.bootstrap, PARTITIONS
