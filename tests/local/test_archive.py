"""The first cluster makes an archive of Kafka's classes beside its work, and the next one runs on it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.local import archive
from streams.local.jars import KAFKA, jars
from streams.local.kafka import Cluster
from streams.local.leash import Leash
from streams.settings import Settings
from tests.worker.road import until

pytestmark = pytest.mark.long


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """A cache with the jars of the real one."""
    home = jars(Settings.from_env().cache_folder)[0].parent
    (tmp_path / f"kafka-{KAFKA}").symlink_to(home)
    yield tmp_path
    assert not [*tmp_path.glob("*.part"), *tmp_path.glob("*.classes")], "nothing half made stays"


def archives(cache: Path) -> list[Path]:
    return list(cache.glob("*.jsa"))


def test_the_first_makes_it_and_the_next_runs_on_it(cache: Path) -> None:
    with Cluster(cache=cache):
        until(lambda: bool(list(cache.glob("*.classes"))), "that it is begun")
    assert not archives(cache), "a cluster that ends gives it up"
    with Cluster(cache=cache):
        until(lambda: bool(archives(cache)), "that it is made", 120)
    with Cluster(cache=cache) as quick:
        assert str(archives(cache)[0]) in Path(f"/proc/{quick.brokers[0].pid}/maps").read_text()


def test_one_that_is_stopped_as_it_begins_gives_up(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*given: Any) -> Leash:
        time.sleep(2)
        return Leash(*given)

    monkeypatch.setattr(archive, "Leash", slow)
    with Cluster(cache=cache):
        pass
    assert not archives(cache)


def test_one_that_does_not_fit_is_done_without(cache: Path) -> None:
    cluster = Cluster(cache=cache)
    cluster.archive.file.write_bytes(b"no archive")
    with Cluster(cache=cache) as without:
        assert without.brokers[0].running
