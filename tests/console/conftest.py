"""A broker of this folder's own: what is said here of sites must reach no other test."""

from collections.abc import Iterator

import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=2))
        yield cluster.bootstrap
