"""A place for a worker, and patience with what takes its time."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from confluent_kafka import KafkaException

from streams.local.leash import Leash

Answer = TypeVar("Answer")
log = logging.getLogger("faults")

ROOT = Path(__file__).parents[2]
AGAIN = 1.0
"""Seconds after which the supervisor starts again what has ended, as docker-compose does."""


def until(ready: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait for something, at most so long, and answer it."""
    end = time.monotonic() + seconds
    while not (answer := ready()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.1)
    return answer


def patiently(ask: Callable[[], Answer], seconds: float = 60.0) -> Answer:
    """Ask Kafka again while it is looking for its leaders."""
    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


class Worker:
    """One place for a worker: its process is started again whenever it ends, until it is told to leave."""

    command: tuple[str, ...] = ("tests.faults.work",)
    at_work = b"owns partitions"

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.environment = dict(environment)
        self.process: Leash | None = None
        self.codes: list[int] = []
        self._lock = Lock()
        self.wanted = False
        self._began = 0

    def start(self) -> None:
        """Start it, and have it started again from now on."""
        with self._lock:
            self.wanted = True
            self._spawn()

    def _spawn(self) -> None:
        self._began = self.log.stat().st_size if self.log.exists() else 0
        self.process = Leash([sys.executable, "-m", *self.command], self.log, os.environ | self.environment, ROOT)

    def ready(self) -> bool:
        """Whether its present process has its partitions."""
        with self.log.open("rb") as file:
            file.seek(self._began)
            return self.at_work in file.read()

    def supervise(self) -> None:
        """Start it again if it has ended."""
        with self._lock:
            if self.wanted and self.process is not None and (code := self.process.poll()) is not None:
                self.codes.append(code)
                log.info("%s ended with %d", self.name, code)
                time.sleep(AGAIN)
                self._spawn()

    def send(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        with self._lock:
            if self.process is not None:
                self.process.send(number)

    def leave(self, seconds: float = 40.0) -> int:
        """Have it leave in good order and stay away; its exit code."""
        with self._lock:
            self.wanted = False
            assert self.process is not None
            self.process.send(signal.SIGTERM)
            code = self.process.wait(seconds)
            self.process.kill()
            return -1 if code is None else code

    def end(self) -> None:
        """Kill it for good."""
        with self._lock:
            self.wanted = False
            if self.process is not None:
                self.process.kill()
