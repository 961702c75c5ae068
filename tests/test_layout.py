"""The house as it is meant to be: what lies at the top, and which way imports may point."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP = {"docker-compose.yml", "streams", "detectors", "dashboards", "tests", "pyproject.toml", "README.md"}

MAY = {
    "detectors": {"detectors"},
    "streams.telemetry": {"streams.telemetry", "streams.incidents.model"},
    "streams.incidents": {"detectors", "streams.telemetry", "streams.incidents"},
    "streams.evidence": {
        "streams.evidence",
        "detectors",
        "streams.incidents",
        "streams.telemetry",
        "streams.settings",
        "streams.metrics",
        "streams.offsets",
        "streams.process",
        "streams.topics",
    },
    "streams.alerts": {
        "streams.alerts",
        "streams.incidents",
        "streams.telemetry",
        "streams.settings",
        "streams.metrics",
        "streams.process",
    },
}
"""Packages and what of the project they may import."""

PURE = ("detectors", "streams/incidents")
IMPURE = {"faust", "mode", "aiokafka", "confluent_kafka", "random", "time", "socket", "asyncio", "httpx"}
"""What a function of its inputs has no use for: transports, clocks, dice."""


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_nothing_else_lies_at_the_top() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == TOP


@pytest.mark.parametrize("package", MAY)
def test_imports_point_one_way(package: str) -> None:
    allowed = MAY[package]
    for path in ROOT.joinpath(*package.split(".")).rglob("*.py"):
        ours = {name for name in imports(path) if name.split(".")[0] in ("streams", "detectors", "dashboards")}
        wrong = {name for name in ours if not any((name + ".").startswith(ok + ".") for ok in allowed)}
        assert wrong <= {"streams"}, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize("folder", PURE)
def test_the_core_knows_no_transport_clock_or_dice(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        wrong = {name.split(".")[0] for name in imports(path)} & IMPURE
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


def test_no_file_outgrows_a_sitting() -> None:
    for folder in ("streams", "detectors", "dashboards"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 300, path
