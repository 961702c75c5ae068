"""A broker with the platform's topics for what sites send."""

from collections.abc import Iterator

import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure
from tests.sites.gates import GateProcess, gate
from tests.sites.log import Place, open_site
from tests.worker.road import new_site


@pytest.fixture(scope="session")
def site_cluster() -> Iterator[Cluster]:
    """One broker, whose telemetry has four partitions."""
    with Cluster() as running:
        ensure(Settings(brokers=running.bootstrap, partitions=4))
        yield running


@pytest.fixture(scope="session")
def site_kafka(site_cluster: Cluster) -> str:
    """Where it answers."""
    return site_cluster.bootstrap


@pytest.fixture
def place(site_kafka: str) -> Place:
    """A new site with a topic of its own."""
    return open_site(site_kafka, new_site())


@pytest.fixture(scope="session")
def site_gate(site_kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateProcess]:
    """A gate of the whole session."""
    with gate(site_kafka, tmp_path_factory.mktemp("gate")) as running:
        yield running
