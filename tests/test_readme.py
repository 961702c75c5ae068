"""The README keeps up: every command, detector, setting and metric stands in it, and its commands are the true ones."""

from pathlib import Path

import pytest

from detectors.bank import catalogue
from streams import metrics
from streams.cli import COMMANDS
from streams.settings import FIELDS

README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.mark.parametrize("name", [f"tocsin {name}" for name in COMMANDS])
def test_every_command_is_told(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("name", [kind.name for kind in catalogue()])
def test_every_detector_is_told(name: str) -> None:
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("name", [field.env for field in FIELDS])
def test_every_setting_is_told(name: str) -> None:
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("name", [family.name for metric in metrics.ALL for family in metric.describe()])
def test_every_metric_is_told(name: str) -> None:
    assert f"| `{name}" in README


def test_the_two_commands_stand_as_they_are_run() -> None:
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[local]' && .venv/bin/tocsin demo\n" in README
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest\n" in README
