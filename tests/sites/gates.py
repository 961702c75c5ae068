"""Gates as processes, to be run and killed by tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.worker.road import until

ROOT = Path(__file__).parents[2]


class GateProcess:
    """A running `tocsin gate`."""

    def __init__(self, brokers: str, log: Path, **environment: str) -> None:
        self.log = log
        environment = {"TOCSIN_BROKERS": brokers, "TOCSIN_GATE_PORT": "0", **environment}
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams", "gate"], env=os.environ | environment, stderr=file, cwd=ROOT
            )
        until(self._ready, f"the gate's start; its log is {log}")

    def _ready(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        return "shows its metrics" in self.log.read_text()

    @property
    def metrics(self) -> str:
        """Where it shows its metrics."""
        return self.log.read_text().rpartition("shows its metrics on ")[2].split()[0]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        self._process.terminate()
        return self._process.wait(40)

    @property
    def running(self) -> bool:
        return self._process.poll() is None


@contextmanager
def gate(brokers: str, folder: Path, name: str = "gate", **environment: str) -> Iterator[GateProcess]:
    """Run a gate until the block ends."""
    running = GateProcess(brokers, folder / f"{name}.log", **environment)
    try:
        yield running
    finally:
        if running.running:
            assert running.end() == 0, running.log.read_text()
