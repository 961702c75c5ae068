"""Rules, routes and runbooks: checked by the programs that read them, and against each other."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from dashboards import configuration
from dashboards.catalogue import dashboards
from detectors.bank import catalogue
from streams import metrics
from streams.alerts.alert import ALERTNAME, FLOOD, UNCONFIRMED
from streams.incidents.opened import CHAIN
from streams.settings import Settings

RULES = [
    rule
    for group in yaml.safe_load((configuration.PROMETHEUS / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
TESTS = yaml.safe_load((configuration.PROMETHEUS / "rules_test.yml").read_text())["tests"]
HEADINGS = ["## What it means", "## What to check", "## Whom to call", "## How to stand down"]
OUTSIDE = {"up", "alertmanager_notifications_failed_total"}


def run(*command: str | Path, folder: Path = configuration.PROMETHEUS) -> str:
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_prometheus_accepts_its_configuration_and_rules() -> None:
    run("promtool", "check", "config", "prometheus.yml")
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", "rules.yml")


def test_every_rule_fires_and_stays_quiet_where_it_should() -> None:
    run("promtool", "test", "rules", "rules_test.yml")
    for rule in RULES:
        tried = {
            bool(case["alert_rule_test"][0]["exp_alerts"])
            for case in TESTS
            if case["name"].startswith(f"{rule['alert']} ")
        }
        assert tried == ({True} if rule["alert"] == "Watchdog" else {True, False}), rule["alert"]


def test_alertmanager_accepts_its_configuration() -> None:
    run("amtool", "check-config", configuration.ALERTMANAGER)


@pytest.mark.parametrize(
    ("receiver", "labels"),
    [
        ("watchdog", ["alertname=Watchdog", "severity=none"]),
        ("pager", [f"alertname={ALERTNAME}", "severity=critical", "site=A-1", "incident_id=i"]),
        ("pager", [f"alertname={ALERTNAME}", "severity=critical", "site=A-1", "incident_id=i", "page=2"]),
        ("shift", [f"alertname={ALERTNAME}", "severity=warning", "site=A-1", "incident_id=i"]),
        ("pager", [f"alertname={UNCONFIRMED}", "severity=critical", "site=A-1", "incident_id=i", "command=i-lockdown"]),
        ("shift", [f"alertname={ALERTNAME}", "severity=critical", "site=A-1", "incident_id=i", "flood=yes"]),
        ("shift", [f"alertname={UNCONFIRMED}", "severity=critical", "site=A-1", "command=i-lockdown", "flood=yes"]),
        ("shift", [f"alertname={ALERTNAME}", "severity=warning", "site=A-1", "incident_id=i", "flood=yes"]),
        ("shift", [f"alertname={ALERTNAME}", "severity=warning", "site=A-1", "incident_id=i", "evidence=silence"]),
        ("pager", [f"alertname={FLOOD}", "severity=critical", "region=A"]),
        ("pager", ["alertname=WorkerAbsent", "severity=critical"]),
        ("shift", ["alertname=LagHigh", "severity=warning"]),
        ("shift", ["alertname=SomethingNew"]),
    ],
)
def test_routes(receiver: str, labels: list[str]) -> None:
    config = f"--config.file={configuration.ALERTMANAGER}"
    run("amtool", "config", "routes", "test", config, f"--verify.receivers={receiver}", *labels)


def test_alertmanager_remembers_longer_than_it_waits_to_repeat() -> None:
    routes = yaml.safe_load(configuration.ALERTMANAGER.read_text())["route"]
    longest = max(re.findall(r"\d+d", json.dumps(routes)), key=lambda text: int(text[:-1]))
    (retention,) = [flag for flag in configuration.ALERTMANAGER_FLAGS if "retention" in flag]
    assert int(re.sub(r"\D", "", retention)) > int(longest[:-1]) * 24


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_what_and_how_grave_and_where_to_read_on(rule: dict[str, dict[str, str]]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "none")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "dashboard_url"}
    assert rule["annotations"]["runbook_url"] == f"{Settings().runbooks_url}/{rule['alert']}"
    uids = {f"{Settings().dashboards_url}/d/{board['uid']}" for board in dashboards()}
    assert rule["annotations"]["dashboard_url"] in uids


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_asks_for_metrics_that_exist(rule: dict[str, str]) -> None:
    ours = {name for metric in metrics.ALL for name in metrics.exposed(metric)}
    expr = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", "", rule["expr"])
    asked = set(re.findall(r"\b(?:tocsin|alertmanager)_\w+|\bup\b", expr))
    assert asked <= ours | OUTSIDE
    assert asked or rule["alert"] == "Watchdog"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert set(configuration.runbooks()) == {rule["alert"] for rule in RULES} | {ALERTNAME, FLOOD, UNCONFIRMED}


@pytest.mark.parametrize(("name", "text"), configuration.runbooks().items(), ids=list(configuration.runbooks()))
def test_a_runbook_says_what_one_needs_at_night(name: str, text: str) -> None:
    assert text.startswith(f"# {name}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    parts = re.split(r"^## .*$", text, flags=re.M)[1:]
    assert all(len(part.strip()) > 20 for part in parts)


def test_every_detector_has_its_place_in_the_runbook_and_says_there_what_to_look_at() -> None:
    checks = configuration.runbooks()[ALERTNAME].partition("## What to check")[2].partition("\n## ")[0]
    stages = {part.partition(":")[0]: part for part in checks.split("\n### ")[1:]}
    assert list(stages) == list(CHAIN)
    told = {stage: set(re.findall(r"`(\w+\.\w+)`", text)) for stage, text in stages.items()}
    assert told == {stage: {kind.name for kind in catalogue() if kind.stage == stage} for stage in CHAIN}


def test_what_the_inhibitions_name_exists() -> None:
    known = {rule["alert"] for rule in RULES} | {ALERTNAME, FLOOD, UNCONFIRMED}
    for rule in yaml.safe_load(configuration.ALERTMANAGER.read_text())["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            name, _, values = matcher.partition("=")
            if name == "alertname":
                assert set(values.strip('~"').split("|")) <= known
