"""`tocsin console` as a process: how it starts, what it refuses, TLS, its metrics, how it ends."""

import re
import signal
import ssl
import subprocess
import time
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from streams.local.authority import Authority
from streams.local.kafka import Cluster
from tests.processes import TOCSIN, clean, launched

pytestmark = pytest.mark.long


def console(log: Path, *options: str, **environment: str) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    given = {"TOCSIN_CONSOLE_PORT": "0", "TOCSIN_CONSOLE_METRICS_PORT": "0"} | environment
    return launched(log, "console", *options, **{"TOCSIN_CONSOLE_USERS": str(log.parent / "users.toml")} | given)


def address(log: Path, words: str = "The console answers on") -> str:
    end = time.monotonic() + 60
    while not (found := re.search(rf"{words} (\S+)", log.read_text())):
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)
    return found[1]


def test_over_tls_with_its_metrics_until_it_is_told_to_stop(broker: str, tmp_path: Path) -> None:
    log, own = tmp_path / "log", tmp_path / "own.pem"
    authority = Authority()
    (tmp_path / "ca.pem").write_text(authority.pem)
    own.write_text(authority.certify("127.0.0.1", "localhost"))
    files = {"TOCSIN_CONSOLE_CERTIFICATE": str(own), "TOCSIN_CONSOLE_KEY": str(own)}
    with console(log, "--brokers", broker, "--host", "0.0.0.0", **files) as process:
        url = address(log).replace("0.0.0.0", "127.0.0.1")
        assert url.startswith("https://")
        answer = httpx.get(f"{url}/login", verify=ssl.create_default_context(cafile=tmp_path / "ca.pem"))
        assert answer.status_code == 200 and "Secure" in answer.headers["Set-Cookie"]
        assert "Nobody can log in: make a user" in log.read_text()
        shown = address(log, "shows its metrics on").removesuffix("/metrics")
        end = time.monotonic() + 30
        while httpx.get(f"{shown}/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        text = httpx.get(f"{shown}/metrics").text
        assert 'tocsin_console_logins_total{outcome="refused"} 0.0' in text
        assert 'tocsin_console_requests_total{status="200"} 1.0' in text
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def test_it_waits_for_kafka_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with console(log, "--brokers", "127.0.0.1:9") as process:
        assert httpx.get(f"{address(log)}/login").status_code == 200
        address(log, "does not answer")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def test_without_the_topics_it_says_what_to_do(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Cluster() as empty, console(log, "--brokers", empty.bootstrap) as process:
        assert process.wait(60) == 1
    assert "Create it with `tocsin topics`" in log.read_text() and "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TOCSIN_CONSOLE_HOST": "0.0.0.0"}, "TOCSIN_CONSOLE_FRONT=tls"),
        ({"TOCSIN_CONSOLE_CERTIFICATE": "own.pem"}, "TOCSIN_CONSOLE_KEY"),
        ({"TOCSIN_CONSOLE_CERTIFICATE": "no.pem", "TOCSIN_CONSOLE_KEY": "no.pem"}, "can't be used"),
        ({"TOCSIN_CONSOLE_FRONT": "glass"}, "expected one of none, tls, loopback"),
        ({"TOCSIN_CONSOLE_USERS": __file__}, "can't be read"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    log = tmp_path / "log"
    with console(log, "--brokers", "127.0.0.1:9", **environment) as process:
        assert process.wait(60) in (1, 2)
    assert words in log.read_text() and "Traceback" not in log.read_text()


def test_users_are_added_once_and_removed(tmp_path: Path) -> None:
    def run(*options: str) -> subprocess.CompletedProcess[str]:
        env = clean() | {"TOCSIN_CONSOLE_USERS": str(tmp_path / "users.toml")}
        return subprocess.run([TOCSIN, "console", *options], env=env, capture_output=True, text=True, timeout=60)

    added = run("--add-user", "ana", "--role", "analyst", "--site", "FR-93-DUGNY")
    assert added.returncode == 0 and added.stdout.startswith("ana.") and added.stdout.count("\n") == 1
    text = (tmp_path / "users.toml").read_text()
    assert 'sites = ["FR-93-DUGNY"]' in text and added.stdout.strip() not in text + added.stderr
    again = run("--add-user", "ana")
    assert again.returncode == 2 and "already" in again.stderr
    assert run("--remove-user", "ana").returncode == 0
    assert "ana" not in (tmp_path / "users.toml").read_text().partition("\n")[2]
