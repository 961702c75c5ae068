"""Brokers with the platform's topics for what sites send: one that trusts its network, and three that nobody fools."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.sites.access.rights import of_roles
from streams.topics import ensure
from tests.sites.gates import GateProcess, gate
from tests.sites.log import Place, open_site
from tests.sites.logins import A, B, credentials, tocsin
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


@pytest.fixture(scope="module")
def secure() -> Iterator[Cluster]:
    with Cluster(3, secure=True) as running:
        ensure(replace(running.settings, partitions=2))
        yield running


@pytest.fixture(scope="module")
def admin(secure: Cluster) -> dict[str, str]:
    """The environment of an administrator."""
    assert secure.security is not None
    told = dict(line.split("=", 1) for line in secure.security.environment())
    return {"TOCSIN_BROKERS": secure.bootstrap, "TOCSIN_REPLICATION": "3"} | told


@pytest.fixture(scope="module")
def folders(secure: Cluster, admin: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two sites, made as an administrator makes them."""
    made = {}
    for site in (A, B):
        made[site] = tmp_path_factory.mktemp("sites") / site
        ran = tocsin(admin, "sites", "add", site, "--folder", made[site], "--sites-brokers", secure.sites_bootstrap)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout == (made[site] / "site.toml").read_text()
        assert (made[site] / "password").read_text() not in ran.stdout + ran.stderr
    return made


@pytest.fixture(scope="module")
def as_a(folders: dict[str, Path]) -> Settings:
    return credentials(folders[A])


@pytest.fixture(scope="module")
def roles(admin: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The environment of each of the platform's processes, with no more rights than it needs."""
    folder = tmp_path_factory.mktemp("roles")
    made = {}
    for name in of_roles(Settings()):
        ran = tocsin(admin, "access", name, "--folder", folder)
        assert ran.returncode == 0, ran.stderr
        made[name] = admin | dict(line.split("=", 1) for line in ran.stdout.splitlines())
    return made


@pytest.fixture(scope="module")
def running_gate(
    secure: Cluster, roles: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GateProcess]:
    """A gate with its own credentials."""
    with gate(secure.bootstrap, tmp_path_factory.mktemp("gate"), **roles["gate"]) as running:
        yield running
