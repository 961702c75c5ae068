"""A broker of the ledger's own: who seals a cluster seals all that is in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure
from tests.evidence.desk import SITES, Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Where something of everything is sealed already: one site with an open incident, one without."""
    folder: Path = tmp_path_factory.mktemp("desk")
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=2))
        desk = Desk(cluster.bootstrap, folder)
        for site in SITES:
            desk.telemetry(site, 60)
        desk.seal()
        desk.everything(SITES[0])
        desk.incident(SITES[0], "inc-1")
        for site in SITES:
            desk.telemetry(site, 60)
        desk.seal()
        yield desk
