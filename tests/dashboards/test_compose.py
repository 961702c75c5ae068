"""docker-compose.yml: by its schema, by what it promises, and by running what it runs."""

import importlib.resources
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dashboards import configuration
from streams.cli import COMMANDS
from streams.settings import FIELDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ACCESS = {"access-worker", "access-gate", "access-notifier", "access-ledger", "access-console"}
ONCE = {"topics", "provisioner", "receivers", "certificates", "scrapes", "topics-secure", "provisioner-secure"} | ACCESS
PLAIN = {
    *("kafka", "topics", "worker", "notifier", "ledger", "console"),
    *("provisioner", "alertmanager", "prometheus", "grafana"),
}
LOGS_IN = {"topics-secure", "worker-secure", "gate", "notifier-secure", "ledger-secure", "console-secure"} | ACCESS
SECURE = LOGS_IN | {
    *("certificates", "kafka-secure", "scrapes"),
    *("provisioner-secure", "alertmanager-secure", "prometheus-secure", "grafana-secure"),
}


def test_it_follows_the_compose_specification() -> None:
    schema = importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()), cls=jsonschema.Draft7Validator)


def test_the_parts_are_all_there() -> None:
    assert set(SERVICES) == {"receivers"} | PLAIN | SECURE
    for name, service in SERVICES.items():
        profile = ["plain"] if name in PLAIN else ["secure"] if name in SECURE else None
        assert service.get("profiles") == profile, name


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_an_exact_version(name: str) -> None:
    assert re.search(r":v?\d+\.\d+\.\d+$", SERVICES[name]["image"]), SERVICES[name]["image"]


def test_the_build_is_pinned_too_and_needs_no_file_of_its_own() -> None:
    lines = SERVICES["worker"]["build"]["dockerfile_inline"].splitlines()
    assert re.fullmatch(r"FROM python:3\.12\.\d+-slim-\w+", lines[0])
    for line in lines:
        if line.startswith("COPY"):
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line
    assert "USER tocsin" in lines


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_on_the_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_what_runs_is_watched_and_started_again(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("on-failure" if name in ONCE else "unless-stopped")
    assert ("healthcheck" in service) == (name not in ONCE)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_waits_for_what_can_not_come(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert wait == {"condition": expected}


def test_named_volumes_are_declared() -> None:
    mounts = [mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])
    assert all((ROOT / mount).is_dir() for mount in mounts if mount.startswith("."))


def test_workers_can_be_scaled() -> None:
    assert not {"ports", "container_name"} & set(SERVICES["worker"])


def test_there_is_no_default_secret_and_every_variable_is_documented() -> None:
    documented = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.M))
    secrets = {secret["environment"] for secret in COMPOSE["secrets"].values() if "environment" in secret}
    assert set(re.findall(r"\$\{(\w+)", TEXT)) | secrets | {"COMPOSE_PROFILES"} == documented
    for name, service in SERVICES.items():
        for key, value in (service.get("environment") or {}).items():
            if re.search("(PASSWORD|TOKEN|SECRET)$", key):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{name}: {key}"
    filled = re.findall(r"^(\w+)=.+", (ROOT / ".env.example").read_text(), re.M)
    assert filled == ["TOCSIN_PARTITIONS", "COMPOSE_PROFILES"]


def test_our_commands_and_settings_exist() -> None:
    known = {field.env for field in FIELDS}
    for name, service in SERVICES.items():
        command = service.get("command") or []
        if command[:1] == ["tocsin"]:
            assert command[1] in COMMANDS, name
        ours = {key for key in service.get("environment") or {} if key.startswith("TOCSIN_")}
        assert {key if key in known else key.removesuffix("_FILE") for key in ours} <= known, name


@pytest.mark.parametrize(
    "command", sorted({s["command"][1] for s in SERVICES.values() if s.get("command", [""])[0] == "tocsin"})
)
def test_our_commands_start(command: str) -> None:
    tocsin = Path(sys.executable).parent / "tocsin"
    answer = subprocess.run([tocsin, command, "--help"], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr


def test_the_receivers_file_is_made_by_the_same_command(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    command = [
        part.replace("/etc/alertmanager/alertmanager.yml", str(file)) for part in SERVICES["receivers"]["command"]
    ]
    urls = {
        "TOCSIN_PAGER_URL": "https://pager/a?b=c&d=#e",
        "TOCSIN_SHIFT_URL": "http://shift/",
        "TOCSIN_WATCHDOG_URL": "http://w/",
    }
    filled = [re.sub(r"\$\{(\w+):[^}]*\}", lambda match: urls[match[1]], part) for part in command]
    subprocess.run([sys.executable, *filled[1:]], cwd=ROOT, check=True, timeout=60)
    receivers = yaml.safe_load(file.read_text())["receivers"]
    assert [receiver["webhook_configs"][0]["url"] for receiver in receivers] == list(urls.values())
    subprocess.run(["amtool", "check-config", file], check=True, capture_output=True, timeout=60)
    refused = subprocess.run(
        [sys.executable, *filled[1:-1], "not an address"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 2
    assert "watchdog" in refused.stderr


@pytest.mark.parametrize(
    ("service", "flags"),
    [("alertmanager", configuration.ALERTMANAGER_FLAGS), ("prometheus", configuration.PROMETHEUS_FLAGS)],
)
def test_the_native_run_has_the_same_flags(service: str, flags: tuple[str, ...]) -> None:
    names = ("--config.file=", "--storage.path=", "--storage.tsdb.path=", "--web.listen-address=")
    plain, secure = SERVICES[service]["command"], SERVICES[f"{service}-secure"]["command"]
    assert [flag for flag in plain if not flag.startswith(names)] == list(flags)
    assert set(secure) - set(plain) == {"--web.config.file=/etc/tls/server.yml"} and set(plain) < set(secure)


def test_prometheus_finds_the_services_by_their_names_and_ports() -> None:
    for job in ("notifier", "alertmanager"):
        (group,) = json.loads((configuration.PROMETHEUS / "targets" / f"{job}.json").read_text())
        host, port = group["targets"][0].split(":")
        assert f"127.0.0.1:{port}:{port}" in SERVICES[host]["ports"]
        assert host in SERVICES[f"{host}-secure"]["networks"]["default"]["aliases"]
    jobs = yaml.safe_load((configuration.PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = jobs[0]["dns_sd_configs"]
    assert found["names"] == SERVICES["worker"]["networks"]["default"]["aliases"]
    assert found["port"] == int(next(field.default for field in FIELDS if field.name == "metrics_port"))


@pytest.mark.parametrize("name", ["kafka", "kafka-secure"])
def test_the_settings_of_kafka_agree_with_each_other(name: str) -> None:
    kafka = SERVICES[name]["environment"]
    listeners = dict(part.split("://") for part in kafka["KAFKA_LISTENERS"].split(","))
    assert set(listeners) == set(dict(p.split(":") for p in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")))
    worker = name.replace("kafka", "worker")
    assert SERVICES[worker]["environment"]["TOCSIN_BROKERS"] in kafka["KAFKA_ADVERTISED_LISTENERS"]
    assert kafka["KAFKA_LOG_DIRS"] == SERVICES[name]["volumes"][0].split(":")[1]


def test_in_the_secure_profile_everybody_logs_in_over_tls() -> None:
    protocols = SERVICES["kafka-secure"]["environment"]["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]
    assert {part.split(":")[1] for part in protocols.split(",")} == {"SASL_SSL"}
    for name in LOGS_IN:
        environment = SERVICES[name]["environment"]
        assert environment["TOCSIN_SECURITY_PROTOCOL"] == "SASL_SSL"
        assert environment["TOCSIN_CA_FILE"] == "/authority/ca.pem"
        assert environment["TOCSIN_SASL_USERNAME"] == ("admin" if name in ONCE else f"tocsin-{name.split('-')[0]}")
