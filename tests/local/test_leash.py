"""A leashed process never outlives whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from streams.local.leash import Leash

ROOT = Path(__file__).parents[2]
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in status(pid)


def status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):  # the latter when it ends between opening and reading
        return ""


def gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def said(log: Path, word: str) -> None:
    end = time.monotonic() + 20
    while word not in log.read_text():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_runs_and_tells_its_exit_code(tmp_path: Path) -> None:
    process = Leash([sys.executable, "-c", "print('hello'); raise SystemExit(7)"], tmp_path / "log")
    assert process.wait(20) == 7
    assert (tmp_path / "log").read_text() == "hello\n"
    process.kill()


def test_it_stops_in_good_order(tmp_path: Path) -> None:
    process = Leash(["sleep", "600"], tmp_path / "log")
    assert process.poll() is None
    assert process.stop(20)
    assert process.poll() == 128 + signal.SIGTERM
    assert gone(process.pid)


def test_a_deaf_one_is_killed(tmp_path: Path) -> None:
    process = Leash([sys.executable, "-c", STUBBORN], tmp_path / "log")
    said(tmp_path / "log", "deaf")
    assert not process.stop(0.2)
    assert gone(process.pid)


def test_one_that_can_not_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="/nowhere/java could not be started"):
        Leash(["/nowhere/java"], tmp_path / "log")
    assert "No such file" in (tmp_path / "log").read_text()


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    started: list[Leash] = []
    thread = Thread(target=lambda: started.append(Leash(["sleep", "600"], tmp_path / "log")))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert started[0].poll() is None
    started[0].kill()


@pytest.mark.parametrize("frozen", [False, True])
def test_it_dies_with_its_starter_even_when_that_is_killed(tmp_path: Path, frozen: bool) -> None:
    freeze = "p.send(signal.SIGSTOP);" if frozen else ""
    code = (
        "import signal, time; from pathlib import Path; from streams.local.leash import Leash;"
        f"p = Leash(['sleep', '600'], Path({str(tmp_path / 'log')!r})); {freeze}"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert alive(pid)
    starter.kill()
    starter.communicate()
    assert gone(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the parent that was killed")
def test_it_dies_with_its_keeper(tmp_path: Path) -> None:
    process = Leash(["sleep", "600"], tmp_path / "log")
    keeper = next(int(line.split()[1]) for line in status(process.pid).splitlines() if line.startswith("PPid"))
    os.kill(keeper, signal.SIGKILL)
    assert gone(process.pid)
    process.kill()
