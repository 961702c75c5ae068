"""docker-compose's profile `secure` natively: every page over TLS, by the commands and with the files that it names."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer
from msgspec import json
from msgspec.structs import replace

from dashboards import configuration
from streams import metrics, metrics_server
from streams.alerts.notifier import running
from streams.local.kafka import free_ports
from streams.local.monitoring import Program
from streams.process import UnusableError, certified, show
from streams.settings import Settings
from streams.topics import ensure
from tests.alerts.story import Receiver, critical
from tests.dashboards.grafana import Grafana
from tests.dashboards.secure import ROOT, SERVICES, Place
from tests.processes import wait

PARTS = ("worker", "gate", "ledger", "console")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("secure"))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return dict(zip(("alertmanager", "prometheus", "notifier"), free_ports(3), strict=True))


@pytest.fixture(scope="module")
def alertmanager(place: Place, ports: dict[str, int], receiver: Receiver) -> Iterator[Program]:
    folder = place.folder / "am"
    folder.mkdir()
    (folder / "alertmanager.yml").write_text(configuration.alertmanager(receiver.url))
    program = place.program(
        "alertmanager", ports["alertmanager"], {"/etc/alertmanager": folder, "/alertmanager": folder}
    )
    program.start()
    yield program
    program.stop()


@pytest.fixture(scope="module")
def servers(place: Place) -> Iterator[dict[str, metrics_server.Server]]:
    registries = {"worker": metrics.WORKER, "gate": metrics.GATE, "ledger": metrics.LEDGER, "console": metrics.CONSOLE}
    with ExitStack() as stack:
        shown = {}
        for name in PARTS:
            service = "gate" if name == "gate" else f"{name}-secure"
            shown[name] = show(replace(place.own(service), metrics_port=0), [registries[name]])
            stack.callback(shown[name].close)
        yield shown


@pytest.fixture(scope="module")
def prometheus(
    place: Place, ports: dict[str, int], alertmanager: Program, servers: dict[str, metrics_server.Server]
) -> Iterator[Program]:
    folder = place.folder / "etc/prometheus"
    folder.mkdir(parents=True)
    assert place.run("scrapes").returncode == 0
    file = folder / "prometheus.yml"
    file.write_text(place.here(file.read_text()))
    (folder / "metrics-token").write_text("sesame")
    places = {name: server.port for name, server in servers.items()} | ports
    for name, port in places.items():
        (folder / "targets" / f"{name}.json").write_text(f'[{{"targets": ["127.0.0.1:{port}"]}}]')
    paths = {"/etc/prometheus": folder, "/prometheus": place.folder / "tsdb"}
    program = place.program("prometheus", ports["prometheus"], paths)
    program.start()
    yield program
    program.stop()


def test_certificates_are_made_once_and_all_at_once(place: Place) -> None:
    stores = sorted(place.folder.glob("own/*/own.pem"))
    assert [store.parent.name for store in stores] == sorted(
        {*PARTS, "kafka", "notifier", "alertmanager", "prometheus", "grafana"}
    )
    before = [file.read_bytes() for file in (place.ca, *stores)]
    assert place.run("certificates").returncode == 0
    assert [file.read_bytes() for file in (place.ca, *stores)] == before
    away = stores[0].rename(stores[0].with_suffix(".away"))
    refused = place.run("certificates")
    away.rename(stores[0])
    assert refused.returncode == 2 and "remove the volumes" in refused.stderr


def test_prometheus_asks_and_tells_everybody_over_tls(
    place: Place,
    ports: dict[str, int],
    prometheus: Program,
    alertmanager: Program,
    receiver: Receiver,
    kafka: str,
) -> None:
    """An incident goes from the notifier to Alertmanager, and Prometheus's own Watchdog too."""
    assert prometheus.url.startswith("https://") and alertmanager.url.startswith("https://")
    ensure(Settings(brokers=kafka))
    settings = replace(
        place.own("notifier-secure"), brokers=kafka, alertmanagers=(alertmanager.url,), notifier_port=ports["notifier"]
    )
    with running(settings) as notifier:
        server = show(settings, [metrics.NOTIFIER], "notifier_port", ready=notifier.unready)
        try:
            producer = Producer({"bootstrap.servers": kafka})
            producer.produce("incidents", json.encode(critical("over-tls")), "over-tls")
            assert producer.flush(10) == 0
            wait(lambda: [m for m in receiver.heard("pager") if m["groupLabels"]["incident_id"] == "over-tls"])
            everybody = {*(f"tocsin-{name}" for name in (*PARTS, "notifier")), "alertmanager", "prometheus"}
            wait(lambda: up(place, prometheus) == everybody)
        finally:
            server.close()
    watchdog = wait(lambda: receiver.heard("watchdog", name="Watchdog"))
    link = watchdog[0]["alerts"][0]["annotations"]["runbook_url"]
    assert link == f"{SERVICES['notifier-secure']['environment']['TOCSIN_RUNBOOKS_URL']}/Watchdog"


def up(place: Place, prometheus: Program) -> set[str]:
    answer = httpx.get(f"{prometheus.url}/api/v1/query", params={"query": "up == 1"}, verify=place.trust).json()
    return {each["metric"]["job"] for each in answer["data"]["result"]}


def test_nobody_speaks_in_the_clear_or_believes_a_stranger(
    place: Place, alertmanager: Program, prometheus: Program, servers: dict[str, metrics_server.Server]
) -> None:
    for url in [alertmanager.url, prometheus.url, *(server.url for server in servers.values())]:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(url)
        try:
            answer = httpx.get(url.replace("https", "http"))
        except httpx.HTTPError:
            continue
        assert answer.status_code == 400 and "HTTPS" in answer.text, "it only says that this is no TLS"


def test_the_health_checks_know_their_own_by_its_certificate(
    place: Place, alertmanager: Program, servers: dict[str, metrics_server.Server]
) -> None:
    check = [place.here(part) for part in SERVICES["gate"]["healthcheck"]["test"][1:-1]]
    plain = metrics_server.serve([metrics.GATE])
    for port, alive in ((servers["gate"].port, True), (plain.port, False)):
        ran = subprocess.run([sys.executable, *check[1:], str(port)], capture_output=True, text=True, timeout=30)
        assert (ran.returncode == 0) == alive, ran.stderr
    plain.close()
    amtool = SERVICES["alertmanager-secure"]["healthcheck"]["test"][1:]
    tls = place.folder / "tls/alertmanager"
    here = [part.replace("/etc/tls", str(tls)).replace("https://localhost:9093", alertmanager.url) for part in amtool]
    subprocess.run(here, check=True, capture_output=True, timeout=30)


def test_grafana_is_filled_over_tls_and_told_whom_to_trust(place: Place) -> None:
    store = place.folder / "own/grafana/own.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(store)
    grafana = Grafana(tls=context)
    told = SERVICES["provisioner-secure"]["environment"]
    environment = {"TOCSIN_GRAFANA_URL": grafana.url, "TOCSIN_GRAFANA_TOKEN": "admin-token"}
    environment |= {"TOCSIN_PROMETHEUS_URL": told["TOCSIN_PROMETHEUS_URL"]}

    def provision(**more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "streams", "provision"]
        env = os.environ | environment | more
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60)

    try:
        stranger = provision()
        assert stranger.returncode == 1 and "TOCSIN_WEB_CA_FILE" in stranger.stderr
        assert provision(TOCSIN_WEB_CA_FILE=str(place.ca)).returncode == 0
        source = grafana.sources["Tocsin Prometheus"]
        assert source["secureJsonData"]["tlsCACert"] == place.ca.read_text() and source["jsonData"]["tlsAuthWithCACert"]
        again = provision(TOCSIN_WEB_CA_FILE=str(place.ca))
        assert "created" not in again.stdout and "updated" not in again.stdout
    finally:
        grafana.close()


def test_a_certificate_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="TOCSIN_METRICS_CERTIFICATE and TOCSIN_METRICS_KEY can't be used"):
        certified(Settings(metrics_certificate=str(tmp_path / "none"), metrics_key="none"), "metrics")
