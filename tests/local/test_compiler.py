"""The compiled core answers what the plain one answers, byte for byte, while the sources are what they were."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILE = "from streams.local.compiler import compile_core; compile_core(0)"
WAY = "import detectors; print(detectors.WAY)"
PLAIN = {"TOCSIN_PLAIN": "1"}
NIGHTS = ("reference-night", "bulk-relabelling", "daytime-theft")

LIVE = """
import sys
from pathlib import Path

import msgspec

import streams.incidents.watch
from streams.incidents.backtest import Backtest
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.telemetry.recording import replay

running, again = Backtest(), Shard(Registry())
for told in running.run(replay([Path(sys.argv[1])])):
    print(msgspec.json.encode(told).decode())
for site in sorted(running.shard.sites()):
    state = running.shard.freeze(site)
    again.thaw(site, state)
    assert again.freeze(site) == state
    print(site, state.hex())
print(Path(streams.incidents.watch.__file__).suffix, file=sys.stderr)
"""
"""Lives through a recording and tells all that was found and decided, and what is known of each site in the end."""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation of its own, compiled without much thought: what the C compiler optimises is the same code."""
    house = tmp_path_factory.mktemp("house")
    for package in ("detectors", "streams"):
        shutil.copytree(ROOT / package, house / package, ignore=shutil.ignore_patterns("__*__"))
    python(house, COMPILE)
    return house


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some days of two sites, with attacks of all domains."""
    file = tmp_path_factory.mktemp("recording") / "days.ndjson"
    nights = [word for night in NIGHTS for word in ("--scenario", night)]
    command = [sys.executable, "-m", "streams", "simulate", "--sites", "2", "--days", "5", "--out", str(file), *nights]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return file


def python(house: Path, code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in an installation."""
    clean = {name: value for name, value in os.environ.items() if name != "TOCSIN_PLAIN"}
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=house,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def test_both_answer_the_same_and_know_the_same(house: Path, recording: Path) -> None:
    plain, compiled = python(house, LIVE, str(recording), **PLAIN), python(house, LIVE, str(recording))
    assert (plain.stderr.strip(), compiled.stderr.strip()) == (".py", ".so")
    events = [line.partition('"event":"')[2].partition('"')[0] for line in plain.stdout.splitlines()]
    assert {"finding", "opened", "escalated", ""} <= set(events)
    assert compiled.stdout == plain.stdout


def test_whoever_changes_a_line_runs_what_he_wrote(house: Path) -> None:
    assert python(house, WAY).stdout == "compiled\n"
    assert python(house, WAY, **PLAIN).stdout == "plain\n"
    file = house / "detectors" / "base.py"
    before = file.read_text()
    file.write_text(f"{before}\nprint('edited')\n")
    assert python(house, f"{WAY}; import detectors.base").stdout == "outdated\nedited\n"
    file.write_text(before)
    assert python(house, WAY).stdout == "compiled\n"


def test_without_a_c_compiler_it_says_so_and_runs_all_the_same(house: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "streams", "compile"],
        cwd=house,
        env=os.environ | {"CC": "no-such-compiler"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr.splitlines()[0].partition(",")[0]) == (1, "no-such-compiler")
    assert python(house, WAY).stdout == "compiled\n"
