"""Prometheus and Alertmanager started natively, with the configuration that docker compose mounts."""

import subprocess

import httpx
import pytest

from dashboards import configuration
from streams import metrics, metrics_server
from streams.local.monitoring import Monitoring, MonitoringError
from tests.alerts.story import Receiver
from tests.processes import wait


def test_the_watchdog_arrives_from_prometheus_and_targets_can_be_added() -> None:
    receiver, server = Receiver(), metrics_server.serve([metrics.WORKER])
    try:
        with Monitoring(receiver.url) as monitoring:
            monitoring.scrape(workers=[server.url.removeprefix("http://")])
            folder = monitoring.folder
            for name in ("prometheus.yml", "rules.yml"):
                assert (folder / "prometheus" / name).read_bytes() == (configuration.PROMETHEUS / name).read_bytes()

            def up() -> set[str]:
                answer = httpx.get(f"{monitoring.prometheus.url}/api/v1/query", params={"query": "up == 1"}).json()
                return {each["metric"]["job"] for each in answer["data"]["result"]}

            wait(lambda: up() == {"tocsin-worker", "alertmanager", "prometheus"})
            wait(lambda: [message for message in receiver.messages if message["receiver"] == "watchdog"])
            assert {message["receiver"] for message in receiver.messages} == {"watchdog"}
    finally:
        server.close()
        receiver.close()
    assert not folder.exists()
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(folder) not in listed


def test_the_backstop_is_quiet_where_the_page_has_arrived() -> None:
    receiver = Receiver()
    try:
        with Monitoring(receiver.url) as monitoring:
            page = {"alertname": "SiteIncident", "severity": "critical", "site": "A-1", "incident_id": "i"}
            warning = page | {"severity": "warning"}
            backstop = {"alertname": "CriticalIncidentOpen", "severity": "critical"}
            alerts = [{"labels": labels} for labels in (page, warning, backstop)]
            httpx.post(f"{monitoring.alertmanager.url}/api/v2/alerts", json=alerts).raise_for_status()
            wait(lambda: [message for message in receiver.messages if message["receiver"] == "pager"])
            known = httpx.get(f"{monitoring.alertmanager.url}/api/v2/alerts").json()
            quiet = {
                alert["labels"]["alertname"] + alert["labels"]["severity"]
                for alert in known
                if alert["status"]["inhibitedBy"]
            }
            assert quiet == {"SiteIncidentwarning", "CriticalIncidentOpencritical"}
    finally:
        receiver.close()


def test_without_the_programs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MonitoringError, match="apt install"):
        Monitoring("http://127.0.0.1:9/")
