"""How much sooner several processes have run through a recording than one."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

SITES, DAYS = 60, 1
"""Of the recording: some 1.5 million objects."""


def processes(given: argparse.Namespace) -> str:
    """Run a simulated day through the backtest in one process and in one a core, in turns."""
    cores = os.cpu_count() or 1
    wall: dict[int, list[float]] = {1: [], cores: []}
    used: dict[int, list[float]] = {1: [], cores: []}
    with TemporaryDirectory() as folder:
        recording = Path(folder) / "day.ndjson.zst"
        _tocsin("simulate", "--sites", SITES, "--days", DAYS, "--out", recording)
        for _ in range(given.rounds):
            for number in wall:
                seconds, cpu = _tocsin("backtest", recording, "--processes", number)
                wall[number].append(seconds)
                used[number].append(cpu)
    one, many = median(wall[1]), median(wall[cores])
    return (
        f"one {one:.1f} s, {cores} {many:.1f} s: {one / many:.2f} × on {cores} cores, "
        f"with {median(used[cores]) / median(used[1]):.2f} × the CPU time"
    )


def _tocsin(*words: object) -> tuple[float, float]:
    """Run a command; returns how many seconds it took, and of CPU time with all its processes."""
    began, before = time.monotonic(), os.times()
    command = [sys.executable, "-m", "streams", *map(str, words)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - began, cpu
