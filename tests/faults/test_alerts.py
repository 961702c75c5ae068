"""Nobody to tell: all sinks away, the notifier killed. Each page comes once, and no stale one."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest
from confluent_kafka import Producer

from streams.incidents.model import Incident
from streams.local.kafka import free_ports
from streams.local.leash import Leash
from streams.local.monitoring import Monitoring
from streams.telemetry.control import VERDICTS, Verdict
from tests.alerts.story import Receiver
from tests.dashboards.grafana import Grafana
from tests.faults.checker import Checker
from tests.faults.load import Load
from tests.faults.log import Follower
from tests.faults.place import ROOT, until
from tests.faults.plant import Plant
from tests.faults.proxy import Proxy
from tests.faults.scene import play

RESEND = 1.0
"""Seconds between two sendings, half a minute otherwise: a minute here is half an hour."""
AWAY = {"refuse": 60.0, "hold": 14.0, "slow": 14.0}
"""What becomes of the lines to the sinks, and for how many seconds."""


class Alerting:
    """A real Alertmanager and a Grafana behind lines that can be cut, and a notifier that may be killed."""

    def __init__(self, plant: Plant, folder: Path) -> None:
        self.receiver = Receiver()
        self.grafana = Grafana()
        self.monitoring = Monitoring(self.receiver.url).start()
        self.ports = free_ports(2)
        ends = int(self.monitoring.alertmanager.url.rpartition(":")[2]), self.grafana.port
        self.lines = Proxy(dict(zip(self.ports, ends, strict=True)))
        self._log = folder / "notifier.log"
        self._environment = os.environ | {
            "TOCSIN_BROKERS": plant.cluster.bootstrap,
            "TOCSIN_ALERTMANAGERS": f"http://127.0.0.1:{self.ports[0]}",
            "TOCSIN_GRAFANA_URL": f"http://127.0.0.1:{self.ports[1]}",
            "TOCSIN_GRAFANA_TOKEN": "editor-token",
            "TOCSIN_NOTIFIER_PORT": "0",
            "TOCSIN_RESEND_S": str(RESEND),
            "TOCSIN_FLOOD_PAGES": "1000",  # each page is counted here, however many there are
        }
        self.notifier = self._start()

    def _start(self) -> Leash:
        return Leash([sys.executable, "-m", "streams", "notifier"], self._log, self._environment, ROOT)

    def kill(self) -> None:
        """Kill -9 the notifier, and start another."""
        self.notifier.kill()
        self.notifier = self._start()

    def cut(self, mode: str) -> None:
        """Let nobody hear, or only slowly; Prometheus is gone altogether."""
        self.lines.set(self.ports, "pass" if mode == "slow" else mode, delay=3.0)
        self.monitoring.prometheus.stop()

    def mend(self) -> None:
        """Let everybody hear."""
        self.lines.set(self.ports)
        self.monitoring.prometheus.start()

    def pages(self) -> Counter[str]:
        """Count the pages that came, by incident."""
        return Counter(message["groupLabels"]["incident_id"] for message in self.receiver.heard("pager"))

    def standing(self) -> set[str]:
        """Name the incidents of the critical alerts that stand at Alertmanager."""
        alerts = httpx.get(f"{self.monitoring.alertmanager.url}/api/v2/alerts").json()
        return {alert["labels"]["incident_id"] for alert in alerts if alert["labels"].get("severity") == "critical"}

    def noted(self) -> Counter[tuple[str, str]]:
        """Count the annotations in Grafana, by incident and kind."""
        tags = [note["tags"] for note in self.grafana.annotations]
        return Counter((tag[9:], each[-1]) for each in tags for tag in each if tag.startswith("incident:"))

    def stop(self) -> None:
        self.notifier.kill()
        self.lines.close()
        self.monitoring.stop()
        self.receiver.close()
        self.grafana.close()


@pytest.fixture
def alerting(plant: Plant, tmp_path: Path) -> Iterator[Alerting]:
    running = Alerting(plant, tmp_path)
    yield running
    running.stop()


def close_an_incident(plant: Plant, site: str) -> str:
    """Say of a site's incident that it was no attack, once it has paged, and wait until it is closed; its id."""
    follower, known = Follower(plant, ["incidents"]), dict[str, Incident]()

    def find(status: str) -> Incident | None:
        for record in follower.read():
            incident = msgspec.json.decode(record.value or b"", type=Incident)
            known[incident.id] = incident
        return next((i for i in known.values() if i.site == site and i.pages and i.status == status), None)

    paged = until(lambda: find("open"), f"a page for {site}")
    verdict = Verdict(incident=paged.id, site=site, verdict="false_positive", by="tester", time=datetime.now(UTC))
    producer = Producer({"bootstrap.servers": plant.cluster.bootstrap})
    producer.produce(VERDICTS, msgspec.json.encode(verdict), site)
    assert producer.flush(30) == 0
    until(lambda: find("closed"), "its end")
    follower.close()
    return str(paged.id)


@pytest.mark.full
@pytest.mark.parametrize("mode", AWAY)
def test_nobody_to_tell(mode: str, plant: Plant, checker: Checker, alerting: Alerting) -> None:
    closed: list[str] = []

    def deed(plant: Plant, dice: Random, load: Load) -> None:
        until(lambda: alerting.pages().keys() >= standing(checker), "the pages of what was there before")
        alerting.cut(mode)
        time.sleep(AWAY[mode])
        closed.append(close_an_incident(plant, load.sites[0]))
        alerting.kill()
        time.sleep(3)
        alerting.mend()

    verdict = play(plant, checker, deed, seed=3)
    assert verdict.good, str(verdict)
    assert verdict.gap < 15, "the road does not wait for whoever is told"
    assert verdict.pages
    end = time.monotonic() + 30
    while (there := alerting.standing()) != (asked := standing(checker)) and time.monotonic() < end:
        time.sleep(0.5)
    assert there == asked, "every alert that stands, and no other"
    until(lambda: alerting.pages().keys() >= standing(checker), "every page")
    opened = {(name, "opened") for name, incident in checker.truth.final.items() if incident.status != "closed"}
    until(lambda: alerting.noted().keys() >= opened, "every annotation")
    time.sleep(10)
    assert {name: number for name, number in alerting.pages().items() if number != 1} == {}
    assert {note: number for note, number in alerting.noted().items() if number != 1} == {}
    # What is held was sent when it still was so.
    assert mode != "refuse" or closed[0] not in alerting.pages(), "a page for what was over when it could be told"


def standing(checker: Checker) -> set[str]:
    """Name the incidents that are critical; one that another site's outage has explained since is so no more."""
    final = checker.truth.final.items()
    return {name for name, one in final if one.severity == "critical" and one.status != "closed"}
