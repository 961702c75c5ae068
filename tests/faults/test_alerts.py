"""Alertmanager slow, failing and away, the notifier killed: nobody else notices, and each page comes once."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from streams.local.kafka import free_ports
from streams.local.leash import Leash
from streams.local.monitoring import Monitoring
from tests.alerts.story import Receiver
from tests.faults.checker import Checker
from tests.faults.load import Load
from tests.faults.place import ROOT, until
from tests.faults.plant import Plant
from tests.faults.proxy import Proxy
from tests.faults.scene import play


class Alerting:
    """A real Alertmanager behind a line that can be cut, and a notifier that may be killed."""

    def __init__(self, plant: Plant, folder: Path) -> None:
        self.receiver = Receiver()
        self.monitoring = Monitoring(self.receiver.url).start()
        (self.port,) = free_ports(1)
        self.line = Proxy({self.port: int(self.monitoring.alertmanager.url.rpartition(":")[2])})
        self._log = folder / "notifier.log"
        self._environment = os.environ | {
            "TOCSIN_BROKERS": plant.cluster.bootstrap,
            "TOCSIN_ALERTMANAGERS": f"http://127.0.0.1:{self.port}",
            "TOCSIN_NOTIFIER_PORT": "0",
            "TOCSIN_RESEND_S": "2",
        }
        self.notifier = self._start()

    def _start(self) -> Leash:
        return Leash([sys.executable, "-m", "streams", "notifier"], self._log, self._environment, ROOT)

    def kill(self) -> None:
        """Kill -9 the notifier, and start another."""
        self.notifier.kill()
        self.notifier = self._start()

    def pages(self) -> Counter[str]:
        """Count the pages that came, by incident."""
        told = self.receiver.heard("pager")
        return Counter(message["groupLabels"]["incident_id"] for message in told)

    def stop(self) -> None:
        self.notifier.kill()
        self.line.close()
        self.monitoring.stop()
        self.receiver.close()


@pytest.fixture
def alerting(plant: Plant, tmp_path: Path) -> Iterator[Alerting]:
    running = Alerting(plant, tmp_path)
    yield running
    running.stop()


@pytest.mark.parametrize("mode", ["refuse", "hold", "slow"])
def test_alertmanager(
    mode: str, pytestconfig: pytest.Config, plant: Plant, checker: Checker, alerting: Alerting
) -> None:
    if not pytestconfig.getoption("--full"):
        pytest.skip("only with --full")

    def deed(plant: Plant, dice: Random, load: Load) -> None:
        alerting.line.set([alerting.port], "pass" if mode == "slow" else mode, delay=3.0)
        time.sleep(14)
        alerting.kill()
        time.sleep(3)
        alerting.line.set([alerting.port])

    verdict = play(plant, checker, deed, seed=3)
    assert verdict.good, str(verdict)
    assert verdict.gap < 15, "the road does not wait for Alertmanager"
    paged = {name for name, incident in checker.truth.final.items() if incident.pages and incident.status != "closed"}
    assert verdict.pages
    until(lambda: alerting.pages().keys() >= paged, "every page")
    time.sleep(6)
    assert {name: number for name, number in alerting.pages().items() if number != 1} == {}
