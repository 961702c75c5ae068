"""Whom Alertmanager tells: addresses, regions, and what Alertmanager itself makes of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import configuration

ROOT = Path(__file__).parents[2]
MAIL = {"SMTP_HOST": "mail.example:587", "SMTP_FROM": "tocsin@example.com"}
PAGER = (
    "https://pager.example/hook?a=b#c pagerduty:/run/secrets/pd FR=opsgenie:/run/secrets/og FR=mailto:paris@x.example"
)
SHIFT = "mailto:soc@example.com DE=https://berlin.example/"


def made(folder: Path, *addresses: str, **environment: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
    file = folder / "alertmanager.yml"
    command = [sys.executable, "-m", "dashboards.configuration", str(file), *addresses]
    return file, subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    password = {"SMTP_USER": "tocsin", "SMTP_PASSWORD_FILE": "/run/secrets/smtp-password"}
    file, answer = made(tmp_path_factory.mktemp("alerts"), PAGER, SHIFT, "https://watch.example/", **MAIL, **password)
    assert answer.returncode == 0, answer.stderr
    return file


def test_alertmanager_accepts_all_kinds_of_receivers(file: Path) -> None:
    subprocess.run(["amtool", "check-config", file], check=True, capture_output=True, timeout=60)
    receivers: dict[str, Any] = {one["name"]: one for one in yaml.safe_load(file.read_text())["receivers"]}
    assert set(receivers) == {"pager", "pager-FR", "shift", "shift-DE", "watchdog"}
    assert receivers["pager"]["webhook_configs"][0]["url"] == "https://pager.example/hook?a=b#c"
    assert receivers["pager"]["pagerduty_configs"][0]["routing_key_file"] == "/run/secrets/pd"
    assert receivers["pager-FR"]["opsgenie_configs"][0]["api_key_file"] == "/run/secrets/og"
    assert receivers["pager-FR"]["email_configs"][0]["to"] == "paris@x.example"
    assert "pagerduty_configs" not in receivers["pager-FR"]
    assert not receivers["watchdog"]["webhook_configs"][0]["send_resolved"]


def test_a_password_stands_in_no_file_but_its_own(file: Path) -> None:
    settings = yaml.safe_load(file.read_text())["global"]
    assert settings["smtp_auth_password_file"] == "/run/secrets/smtp-password"
    assert "smtp_auth_password" not in settings


@pytest.mark.parametrize(
    ("receiver", "labels"),
    [
        ("pager-FR", ["alertname=SiteIncident", "severity=critical", "region=FR", "site=FR-1"]),
        ("pager", ["alertname=SiteIncident", "severity=critical", "region=DE", "site=DE-1"]),
        ("pager-FR", ["alertname=IncidentFlood", "severity=critical", "region=FR"]),
        ("pager", ["alertname=IncidentFlood", "severity=critical", "region=NL"]),
        ("shift", ["alertname=SiteIncident", "severity=warning", "region=FR", "site=FR-1"]),
        ("shift-DE", ["alertname=SiteIncident", "severity=warning", "region=DE", "site=DE-1"]),
        ("shift-DE", ["alertname=SiteIncident", "severity=warning", "region=DE", "evidence=silence"]),
        ("shift-DE", ["alertname=SiteIncident", "severity=critical", "region=DE", "flood=yes"]),
        ("pager", ["alertname=WorkerAbsent", "severity=critical"]),
        ("watchdog", ["alertname=Watchdog", "severity=none"]),
    ],
)
def test_regions_with_receivers_of_their_own_are_routed_to_them(file: Path, receiver: str, labels: list[str]) -> None:
    command = ["amtool", "config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}", *labels]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("addresses", "environment", "words"),
    [
        (("pager.example", "http://s/", "http://w/"), {}, ("pager", "https://pager.example/hook")),
        (("http://p/", "pagerduty:key", "http://w/"), {}, ("shift", "pagerduty:/FILE/WITH/KEY")),
        (("FR=http://p/", "http://s/", "http://w/"), {}, ("pager", "no address for the regions")),
        (("http://p/", " ", "http://w/"), {}, ("shift", "no address")),
        (("mailto:a@b.example", "http://s/", "http://w/"), {}, ("e-mail", "SMTP_HOST")),
        (("http://p/", "http://s/", "http://w/"), {"SMTP_HOST": "m:25"}, ("SMTP_FROM",)),
        (("http://p/",), {}, ("pager, shift, watchdog",)),
    ],
)
def test_what_can_not_be_told_is_refused_in_words(
    tmp_path: Path, addresses: tuple[str, ...], environment: dict[str, str], words: tuple[str, ...]
) -> None:
    file, answer = made(tmp_path, *addresses, **environment)
    assert answer.returncode == 2
    assert all(word in answer.stderr for word in words), answer.stderr
    assert "Traceback" not in answer.stderr
    assert not file.exists()


def test_one_address_serves_all_three() -> None:
    made_of_one = yaml.safe_load(configuration.alertmanager("http://hook.example/"))
    urls = {json.dumps(one["webhook_configs"][0]["url"]) for one in made_of_one["receivers"]}
    assert urls == {'"http://hook.example/"'}
