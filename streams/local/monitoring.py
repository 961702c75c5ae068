"""A real Prometheus and a real Alertmanager on this machine, with the very configuration that docker-compose mounts."""

import json
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from urllib.error import URLError
from urllib.request import urlopen

from dashboards import configuration
from streams.local.leash import Leash

HOST = "127.0.0.1"
ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")
"""Names of the program, Debian's first."""
START, STOP = 30.0, 10.0
"""Seconds that a program may take to answer, and to end."""


class MonitoringError(Exception):
    """A program is missing or did not start; the message says what to do."""


def installed() -> bool:
    """Say whether both programs are on this machine."""
    try:
        return bool(_programs())
    except MonitoringError:
        return False


class Program:
    """One program in the foreground of a folder of its own, its output in a file; with `trust` it speaks TLS."""

    def __init__(self, folder: Path, name: str, command: list[str], port: int, trust: SSLContext | None = None) -> None:
        self.url = f"{'https' if trust else 'http'}://{HOST}:{port}"
        self._trust = trust
        self._name = name
        self._log = folder / f"{name}.log"
        self._command = command
        self._process: Leash | None = None

    def start(self) -> None:
        """Start it, and return once it is ready."""
        self._process = Leash(self._command, self._log)
        deadline = time.monotonic() + START
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])
                raise MonitoringError(f"{self._name} did not start:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; harmless when it has ended."""
        if self._process is not None:
            self._process.stop(STOP)
            self._process = None

    def _ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=1, context=self._trust) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


class Monitoring:
    """Prometheus and Alertmanager on free ports of the loopback, in a temporary folder that goes with them.

    `pager_url` (and `shift_url`, `watchdog_url`, the pager's where left out) receive Alertmanager's messages; the field
    `receiver` in them tells which it is. Workers and notifiers are scraped at `host:port`. Raises `MonitoringError`.
    """

    def __init__(
        self,
        pager_url: str,
        *,
        workers: Iterable[str] = (),
        notifiers: Iterable[str] = (),
        shift_url: str | None = None,
        watchdog_url: str | None = None,
    ) -> None:
        programs = _programs()
        receivers = configuration.alertmanager(pager_url, shift_url, watchdog_url)
        self._targets = {"worker": list(workers), "notifier": list(notifiers), "ledger": []}
        self.folder = Path(tempfile.mkdtemp(prefix="tocsin-monitoring-"))
        (self.folder / "alertmanager.yml").write_text(receivers, "utf-8")
        ports = _free_ports(2)
        self.alertmanager = Program(
            self.folder, "alertmanager", [programs[0], *self._alertmanager_flags(ports[0])], ports[0]
        )
        self.prometheus = Program(self.folder, "prometheus", [programs[1], *self._prometheus_flags(ports[1])], ports[1])

    def start(self) -> "Monitoring":
        """Start both; nothing is left behind when one does not start."""
        try:
            self._configure_prometheus()
            self.alertmanager.start()
            self.prometheus.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End both and remove their data."""
        self.prometheus.stop()
        self.alertmanager.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Monitoring":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def scrape(
        self, *, workers: Iterable[str] = (), notifiers: Iterable[str] = (), ledgers: Iterable[str] = ()
    ) -> None:
        """Take further targets; Prometheus notices them within a second or two."""
        self._targets["worker"] += workers
        self._targets["notifier"] += notifiers
        self._targets["ledger"] += ledgers
        self._write_targets()

    def _configure_prometheus(self) -> None:
        folder = self.folder / "prometheus"
        (folder / "targets").mkdir(parents=True)
        for name in ("prometheus.yml", "rules.yml", "metrics-token"):
            shutil.copyfile(configuration.PROMETHEUS / name, folder / name)
        self._write_targets()

    def _write_targets(self) -> None:
        own = {"alertmanager": [self.alertmanager], "prometheus": [self.prometheus]}
        places = self._targets | {job: [program.url.removeprefix("http://") for program in own[job]] for job in own}
        for job, targets in places.items():
            file = self.folder / "prometheus" / "targets" / f"{job}.json"
            draft = file.with_suffix(".draft")
            draft.write_text(json.dumps([{"targets": targets}] if targets else []), "utf-8")
            draft.replace(file)

    def _alertmanager_flags(self, port: int) -> list[str]:
        return [
            f"--config.file={self.folder}/alertmanager.yml",
            f"--storage.path={self.folder}/alertmanager",
            f"--web.listen-address={HOST}:{port}",
            *configuration.ALERTMANAGER_FLAGS,
        ]

    def _prometheus_flags(self, port: int) -> list[str]:
        return [
            f"--config.file={self.folder}/prometheus/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/prometheus/data",
            f"--web.listen-address={HOST}:{port}",
            *configuration.PROMETHEUS_FLAGS,
        ]


def _programs() -> tuple[str, str]:
    """Find Alertmanager and Prometheus."""
    alertmanager = next((path for path in map(shutil.which, ALERTMANAGER) if path), None)
    prometheus = shutil.which("prometheus")
    if alertmanager is None or prometheus is None:
        raise MonitoringError(
            "Prometheus and Alertmanager are not both here: `apt install prometheus{,-alertmanager}`."
        )
    return alertmanager, prometheus


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
