"""`tocsin notifier` as a process: a real Kafka before it, a real Alertmanager behind it."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer
from msgspec import json

from streams.incidents.model import Incident
from streams.local.kafka import Cluster
from streams.local.monitoring import Monitoring
from streams.settings import Settings
from streams.topics import ensure
from tests.alerts.story import Receiver, closed, critical, incident
from tests.processes import launched, wait

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """A broker of our own: incidents of other tests would page here too."""
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=4))
        yield cluster.bootstrap


def publish(brokers: str, *incidents: Incident) -> None:
    producer = Producer({"bootstrap.servers": brokers})
    for each in incidents:
        producer.produce("incidents", json.encode(each), key=each.id)
    assert producer.flush(10) == 0


def notifier(log: Path, *options: str, **environment: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    given = {"TOCSIN_NOTIFIER_PORT": "0", "TOCSIN_RESEND_S": "1"} | environment
    return launched(log, "notifier", *options, **given)


def pages(receiver: Receiver, name: str, status: str = "firing") -> int:
    return sum(message["groupLabels"]["incident_id"] == name for message in receiver.heard("pager", status))


def address(log: Path) -> str:
    found = re.search(r"Metrics on (\S+)/metrics", log.read_text())
    return found[1] if found else ""


def asked(monitoring: Monitoring, expr: str) -> float | None:
    answer = httpx.get(f"{monitoring.prometheus.url}/api/v1/query", params={"query": expr}).json()["data"]["result"]
    return float(answer[0]["value"][1]) if answer else None


def test_from_kafka_to_the_pager_and_to_prometheus(
    brokers: str, monitoring: Monitoring, receiver: Receiver, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    publish(brokers, critical("past"), closed("past", 3), critical("open"))
    with notifier(log, "--brokers", brokers, "--alertmanager", monitoring.alertmanager.url) as process:
        wait(lambda: pages(receiver, "open"))
        url = address(log)
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert "## What to check" in httpx.get(f"{url}/runbooks/SiteIncident").text
        monitoring.scrape(notifiers=[url.removeprefix("http://")])
        wait(lambda: asked(monitoring, 'up{job="tocsin-notifier"}') == 1, 30)
        began = time.monotonic()
        publish(brokers, incident("new"), critical("new"), critical("new"))
        wait(lambda: asked(monitoring, 'sum(tocsin_open_incidents{severity="critical"})') == 2, 5)
        wait(lambda: pages(receiver, "new"), 10)
        assert time.monotonic() - began < 10
        text = httpx.get(f"{url}/metrics").text
        assert 'tocsin_open_incidents{severity="critical"} 2.0' in text
        assert 'tocsin_site_risk{site="FR-93-DUGNY"} 0.97' in text
        assert 'tocsin_incidents_read_total{outcome="repeated"} 1.0' in text
        assert "tocsin_pages_total 1.0" in text
        publish(brokers, closed("new"))
        wait(lambda: pages(receiver, "new", "resolved"), 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, log.read_text()
    assert pages(receiver, "past") == 0
    assert (pages(receiver, "open"), pages(receiver, "new")) == (1, 1)


def test_it_waits_for_kafka_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with notifier(log, "--brokers", "127.0.0.1:9") as process:
        wait(lambda: b"Waiting for it" in log.read_bytes())
        assert httpx.get(f"{address(log)}/healthz").status_code == 200
        answer = httpx.get(f"{address(log)}/readyz")
        assert (answer.status_code, answer.text) == (503, "reading the incidents so far\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def test_what_is_no_incident_is_left_out_and_counted(brokers: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    producer = Producer({"bootstrap.servers": brokers})
    producer.produce("incidents", b"not an incident", key="odd")
    producer.produce("incidents", None, key="deleted")
    assert producer.flush(10) == 0
    with notifier(log, "--brokers", brokers):
        wait(lambda: b"Left out what is no incident" in log.read_bytes())
        wait(lambda: httpx.get(f"{address(log)}/readyz").status_code == 200)
        assert 'tocsin_incidents_read_total{outcome="unreadable"} 1.0' in httpx.get(f"{address(log)}/metrics").text


def test_without_the_topic_it_says_what_to_do(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Cluster() as empty, notifier(log, "--brokers", empty.bootstrap) as process:
        assert process.wait(30) == 1
    assert "Create it with `tocsin topics`" in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TOCSIN_RESEND_S": "often"}, "TOCSIN_RESEND_S"),
        ({"TOCSIN_GRAFANA_URL": "http://127.0.0.1:9"}, "TOCSIN_GRAFANA_TOKEN"),
        ({"TOCSIN_METRICS_HOST": "192.0.2.1", "TOCSIN_METRICS_TOKEN": "t"}, "TOCSIN_NOTIFIER_PORT"),
        ({"TOCSIN_METRICS_HOST": "0.0.0.0"}, "TOCSIN_METRICS_TOKEN_FILE"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    log = tmp_path / "log"
    with notifier(log, **environment) as process:
        assert process.wait(20) in (1, 2)
    assert words in log.read_text()
    assert "Traceback" not in log.read_text()
