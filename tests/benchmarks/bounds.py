"""What stays within bounds: `python -m tests.benchmarks.bounds [memory] [drain]`; real Kafka, a real worker.

`memory`: what a worker takes while it works off days of simulated sites, in per cent an hour of theirs, the first day,
in which it learns the hours, left out. `drain`: a worker is stopped for a while under load and goes on: at how many
times that load it catches up.
"""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import linear_regression, mean
from tempfile import TemporaryDirectory
from threading import Thread

from rich.console import Console

from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings
from streams.topics import ensure
from tests.benchmarks.snapshots import DEVICES, PARTITIONS, TOCSIN, decided, publish, scraped
from tests.worker.road import Worker, until, worker

HOUR, DAY = 3600.0, 86_400.0
SETTLED = 2.0
"""Seconds after which an object is decided in any case."""


def resident(running: Worker) -> float:
    """MiB that a worker takes."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


def clock(port: int) -> float:
    """Unix time up to which a worker has decided; 0 when it has not begun."""
    return next((float(line.split()[1]) for line in scraped(port) if line.startswith("tocsin_clock_seconds ")), 0.0)


def measure_memory(sites: int, days: int) -> str:
    """Least squares through what a worker takes, over the time of the recording."""
    (port,) = free_ports(1)
    samples: list[tuple[float, float]] = []
    with Cluster() as cluster, TemporaryDirectory() as folder:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS, clock="log"))
        command = [
            sys.executable,
            "-m",
            "streams",
            "simulate",
            "--play",
            "--speed",
            "0",
            "--brokers",
            cluster.bootstrap,
        ]
        environment = {"TOCSIN_CLOCK": "log", "TOCSIN_METRICS_PORT": str(port), "TOCSIN_SNAPSHOT_S": "10"}
        with (
            worker(cluster.bootstrap, Path(folder), TOCSIN, **environment) as running,
            subprocess.Popen(
                [*command, "--sites", str(sites), "--days", str(days)], stdout=subprocess.DEVNULL
            ) as player,
        ):
            while player.poll() is None or samples[-1][0] > samples[-5][0]:
                time.sleep(1)
                if now := clock(port):
                    samples.append((now, resident(running)))
            objects = decided(port)
    start = samples[0][0]
    later = [(at, size) for at, size in samples if at > start + DAY]
    slope, _ = linear_regression([at / HOUR for at, _ in later], [size for _, size in later])
    size = mean(size for _, size in later)
    hours = (later[-1][0] - later[0][0]) / HOUR
    return f"{size:.0f} MiB, {slope / size:+.3%} an hour over {hours:.0f} h ({objects:,.0f} objects of {sites} sites)"


def measure_drain(sites: int, pause: float) -> str:
    """Stop a worker for a while; from when it goes on, count what it decides until it is as far as the load."""
    (port,) = free_ports(1)
    with Cluster() as cluster, TemporaryDirectory() as folder:
        ensure(Settings(brokers=cluster.bootstrap, partitions=PARTITIONS))
        with worker(cluster.bootstrap, Path(folder), TOCSIN, TOCSIN_METRICS_PORT=str(port)) as running:
            rate, sent = sites * DEVICES, [0]
            given = cluster.bootstrap, sites, int(pause) + 75, True, sent.append
            load = Thread(target=publish, args=given, daemon=True)
            load.start()
            time.sleep(15)
            running.process.send_signal(signal.SIGSTOP)
            time.sleep(pause)
            running.process.send_signal(signal.SIGCONT)
            before, since = decided(port), time.time()
            until(lambda: decided(port) >= sent[-1] - SETTLED * rate, "the end of the backlog", 60)
            number, seconds = decided(port) - before, time.time() - since
            load.join()
    return f"after {pause:.0f} s, {number:,.0f} objects in {seconds:.1f} s: {number / seconds / rate:.1f} × {rate:,}/s"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bounds", description=__doc__)
    parser.add_argument("what", nargs="*", default=["memory", "drain"])
    parser.add_argument("--sites", type=int, default=40)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--pause", type=float, default=30.0)
    given = parser.parse_args()
    out = Console()
    if "memory" in given.what:
        out.print(measure_memory(given.sites, given.days))
    if "drain" in given.what:
        out.print(measure_drain(8, given.pause))


if __name__ == "__main__":
    main()
