"""`tocsin provision` against Grafana's API."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboards.grafana import Grafana

TOCSIN = Path(sys.executable).parent / "tocsin"
THINGS = 7


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    grafana = Grafana()
    yield grafana
    grafana.close()


def provision(url: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    env = clean | {"TOCSIN_GRAFANA_URL": url, "TOCSIN_GRAFANA_TOKEN": "admin-token"} | environment
    return subprocess.run([TOCSIN, "provision", *options], env=env, capture_output=True, text=True, timeout=60)


def test_everything_is_created_once_and_then_left_alone(grafana: Grafana) -> None:
    first = provision(grafana.url, "--prometheus-url", "http://prometheus:9090")
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("created: ") == THINGS
    assert grafana.sources["Tocsin Prometheus"]["url"] == "http://prometheus:9090"
    assert {board["meta"]["folderUid"] for board in grafana.dashboards.values()} == {"tocsin"}
    written = len(grafana.writes)
    second = provision(grafana.url, "--prometheus-url", "http://prometheus:9090")
    assert second.stdout.count("unchanged: ") == THINGS
    assert len(grafana.writes) == written


def test_a_dry_run_writes_nothing_and_tells_what_differs(grafana: Grafana) -> None:
    fresh = provision(grafana.url, "--dry-run")
    assert fresh.stdout.count("would be created: ") == THINGS
    assert grafana.writes == []
    provision(grafana.url)
    grafana.dashboards["tocsin-fleet"]["dashboard"]["panels"][0]["title"] = "Somebody's own"
    written = len(grafana.writes)
    changed = provision(grafana.url, "--dry-run")
    assert "would be updated: dashboard Fleet" in changed.stdout
    assert "definition.panels[0].title: \"Somebody's own\" → 'Critical incidents'" in changed.stdout
    assert len(grafana.writes) == written


def test_what_was_changed_by_hand_is_set_right(grafana: Grafana) -> None:
    provision(grafana.url)
    grafana.dashboards["tocsin-site"]["meta"]["folderUid"] = ""
    grafana.sources["Tocsin Prometheus"]["url"] = "http://elsewhere"
    grafana.folders["tocsin"]["title"] = "Renamed"
    again = provision(grafana.url)
    assert again.stdout.count("updated: ") == 3
    assert grafana.dashboards["tocsin-site"]["meta"]["folderUid"] == "tocsin"
    assert grafana.folders["tocsin"]["title"] == "Tocsin"


def test_a_user_and_a_password_do_as_well(grafana: Grafana) -> None:
    given = {"TOCSIN_GRAFANA_TOKEN": "", "TOCSIN_GRAFANA_USER": "admin", "TOCSIN_GRAFANA_PASSWORD": "sesame"}
    assert provision(grafana.url, **given).returncode == 0


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TOCSIN_GRAFANA_TOKEN": "stolen"}, ("401", "TOCSIN_GRAFANA_TOKEN")),
        ({"TOCSIN_GRAFANA_TOKEN": "viewer-token"}, ("lacks rights", "datasources:create", "dashboards:write", "Admin")),
        ({"TOCSIN_GRAFANA_TOKEN": "editor-token"}, ("lacks rights", "datasources:create, datasources:write. Give")),
        ({"TOCSIN_GRAFANA_TOKEN": ""}, ("TOCSIN_GRAFANA_TOKEN", "TOCSIN_GRAFANA_PASSWORD")),
        ({"TOCSIN_GRAFANA_URL": "http://127.0.0.1:9"}, ("does not answer", "Is Grafana running there?")),
        ({"TOCSIN_GRAFANA_URL": "grafana"}, ("'grafana'", "http://127.0.0.1:3000")),
        ({"TOCSIN_GRAFANA_URL": ""}, ("--grafana-url",)),
    ],
)
def test_errors_say_what_to_do(grafana: Grafana, environment: dict[str, str], words: tuple[str, ...]) -> None:
    answer = provision(grafana.url, **environment)
    assert answer.returncode in (1, 2)
    assert all(word in answer.stderr for word in words), answer.stderr
    assert "Traceback" not in answer.stderr
    assert "stolen" not in answer.stderr


def test_rights_are_asked_for_before_anything_is_written(grafana: Grafana) -> None:
    answer = provision(grafana.url, TOCSIN_GRAFANA_TOKEN="editor-token")
    assert answer.returncode == 1
    assert grafana.writes == []


def test_where_grafana_does_not_tell_rights_its_refusal_says_what_is_missing(grafana: Grafana) -> None:
    grafana.tells_rights = False
    assert provision(grafana.url).returncode == 0
    grafana.sources.clear()
    refused = provision(grafana.url, TOCSIN_GRAFANA_TOKEN="viewer-token")
    assert "403" in refused.stderr
    assert "role Admin" in refused.stderr


def test_a_fault_of_grafanas_own_is_told(grafana: Grafana) -> None:
    grafana.broken = True
    answer = provision(grafana.url)
    assert answer.returncode == 1
    assert "database is locked" in answer.stderr
