"""Race the road against a bare loop, stock Faust and the backtest; prints ratios: `python -m tests.benchmarks`."""

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from statistics import median
from uuid import uuid4

from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.table import Table

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.topics import ensure
from streams.worker.checkpoints import STATE
from streams.worker.clock import CLOCK
from tests.benchmarks.load import produce

NEEDS = {"bare": 0.6, "stock": 4.0}
"""How many times a contender's rate the road has to reach."""


def anew(brokers: str) -> None:
    """Empty the topics in which a worker keeps what it knows, so that each race begins at the beginning."""
    admin = AdminClient({"bootstrap.servers": brokers})
    for done in admin.delete_topics([STATE, CLOCK]).values():
        done.result()
    while {STATE, CLOCK} & admin.list_topics(timeout=10).topics.keys():
        time.sleep(0.1)
    ensure(Settings(brokers=brokers))


def race(name: str, brokers: str, events: int) -> dict[str, float]:
    """Run one contender in a process of its own."""
    anew(brokers)
    environment = {"TOCSIN_BROKERS": brokers, "TOCSIN_GROUP": f"race-{uuid4()}", "TOCSIN_METRICS_PORT": "0"}
    command = [sys.executable, "-m", "tests.benchmarks.contenders", name, str(events)]
    done = subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.PIPE, timeout=600)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def show(results: dict[str, list[dict[str, float]]]) -> bool:
    """Print the table; say whether the road is as fast as it has to be."""
    rates = {name: median(one["seen"] / one["seconds"] for one in rounds) for name, rounds in results.items()}
    used = {name: median(1e6 * one["cpu"] / one["seen"] for one in rounds) for name, rounds in results.items()}
    table = Table("contender", "events/s", "CPU µs/event", "road ÷ contender", "needed")
    good = True
    for name, rate in rates.items():
        ratio = rates["road"] / rate
        good = good and ratio >= NEEDS.get(name, 0)
        need = f"≥ {NEEDS[name]:g}" if name in NEEDS else ""
        table.add_row(name, f"{rate:,.0f}", f"{used[name]:.1f}", f"{ratio:.2f}", need)
    Console().print(table)
    return good


def compare(brokers: str, contenders: list[str], events: int, rounds: int) -> bool:
    """Run the races in alternating rounds."""
    ensure(Settings(brokers=brokers))
    produce(brokers, events)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, runs in results.items():
            runs.append(race(name, brokers, events))
    return show(results)


def main() -> int:
    """Answer 0 if the road is fast enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--brokers", help="an empty Kafka; one of its own otherwise")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", nargs="+", default=["road", "bare", "stock", "backtest"])
    given = parser.parse_args()
    with ExitStack() as stack:
        brokers = given.brokers or stack.enter_context(Cluster()).bootstrap
        good = compare(brokers, given.contenders, given.events, given.rounds)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
