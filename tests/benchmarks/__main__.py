"""Race the road against bare loops, Quix Streams, Bytewax and stock Faust: `python -m tests.benchmarks`.

All read the same topics on one broker, each in a process of its own, in alternating rounds; a figure is the median of
its rounds, and only ratios say anything. Objects of a simulated estate are the load, and of many quick devices for the
batches; what the backtest answers the road answers when a player has written the ticks. `--only` takes some of the
contenders; Quix Streams and Bytewax come with `pip install -e '.[bench]'`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from uuid import uuid4

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.table import Table

from detectors import WAY
from detectors.compiled import SAID
from streams.local.kafka import Cluster
from streams.local.player import Player
from streams.offsets import watermarks
from streams.settings import Settings
from streams.telemetry.recording import Line
from streams.topics import ensure
from streams.worker.checkpoints import STATE
from streams.worker.clock import CLOCK, FACTS, TELEMETRY
from tests.benchmarks.load import Record, batches, estate, objects, produce, valid

PARTITIONS = 8
Results = dict[str, list[dict[str, Any]]]
BATCH = 100


class Contender(NamedTuple):
    """Who races, on which load, against whom the ratio of CPU time is taken, and what that has to be at least."""

    name: str
    script: str
    load: str = "single"
    idle: bool = False
    against: str = ""
    floor: float = 0.0
    aim: float = 0.0
    needs: str = ""


CONTENDERS = (
    Contender("road", "road"),
    Contender("bare loop", "bare", against="road", floor=0.8, aim=1.1),
    Contender("Quix Streams", "quix", against="road", floor=1.2, aim=1.6, needs="quixstreams"),
    Contender("Bytewax", "bytewax", against="road", floor=1.0, aim=1.2, needs="bytewax"),
    Contender("Quix tutorial", "quix_tutorial", against="road", floor=3.0, aim=6.0, needs="quixstreams"),
    Contender("Bytewax tutorial", "bytewax_tutorial", against="road", floor=3.0, aim=6.0, needs="bytewax"),
    Contender("stock Faust", "stock", against="road", floor=5.0, aim=10.0),
    Contender("road, playing", "road", "played"),
    Contender("backtest", "backtest", against="-road, playing", floor=1.2, aim=3.0),
    Contender("road, idle core", "road", idle=True),
    Contender("bare loop, idle core", "bare", idle=True, against="road, idle core"),
    Contender("Quix Streams, idle core", "quix", "single", True, "road, idle core", 2.0, 3.0, "quixstreams"),
    Contender("Bytewax, idle core", "bytewax", "single", True, "road, idle core", 1.2, 1.6, "bytewax"),
    Contender("stock Faust, idle core", "stock", idle=True, against="road, idle core"),
    Contender("road, quick devices", "road", "quick"),
    Contender("road, batches of 100", "road", "batched", against="-road, quick devices", floor=1.3, aim=2.0),
)


class Loaded(NamedTuple):
    """A broker with a load in its topics."""

    brokers: str
    bounds: bytes


def loaded(brokers: str, records: Iterable[Record], played: bool = False) -> Loaded:
    """Fill the topics of an empty broker, with ticks if it is played."""
    ensure(Settings(brokers=brokers, partitions=PARTITIONS))
    records = list(records)
    if played:
        Player(brokers, speed=0).play(Line(topic, site.encode(), value, at, 0) for topic, site, at, value in records)
    else:
        produce(brokers, records)
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "bounds"})
    ends = {topic: [watermarks(consumer, topic, n, 10)[1] for n in range(PARTITIONS)] for topic in TELEMETRY}
    consumer.close()
    return Loaded(brokers, json.dumps({"events": valid(records), "ends": ends, "latest": records[-1][2]}).encode())


def anew(brokers: str, played: bool) -> None:
    """Empty the topics in which a worker keeps what it knows, so that each race begins at the beginning."""
    admin = AdminClient({"bootstrap.servers": brokers})
    old = {STATE, FACTS} | ({CLOCK} if not played else set())
    for done in admin.delete_topics(list(old)).values():
        done.result()
    while old & admin.list_topics(timeout=10).topics.keys():
        time.sleep(0.1)
    ensure(Settings(brokers=brokers, partitions=PARTITIONS))


def race(contender: Contender, load: Loaded, stages: bool = False) -> dict[str, Any]:
    """Run one contender in a process of its own."""
    played = contender.load == "played"
    anew(load.brokers, played)
    environment = {"TOCSIN_BROKERS": load.brokers, "TOCSIN_GROUP": f"race-{uuid4()}", "TOCSIN_METRICS_PORT": "0"}
    environment["TOCSIN_CLOCK"] = "log" if played else "wall"
    if stages:
        environment["TOCSIN_PLAIN"] = "1"  # where compiled code is at can't be seen from outside
    options = [*["--idle"] * contender.idle, *["--stages"] * stages]
    command = [sys.executable, "-m", "tests.benchmarks.contenders", contender.script, *options]
    done = subprocess.run(
        command, input=load.bounds, env=os.environ | environment, check=True, stdout=subprocess.PIPE, timeout=900
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def noise() -> float:
    """CPU seconds of a computation that is always the same: how far they vary is the machine's noise."""
    began = time.process_time()
    sum(number * number % 7 for number in range(1_000_000))
    return time.process_time() - began


def rows(results: Results) -> list[dict[str, object]]:
    """Summarise the rounds: rates, CPU time, and the ratios by which the road is the faster one."""
    each = {name: median(1e6 * one["cpu"] / one["seen"] for one in rounds) for name, rounds in results.items()}
    rates = {name: median(one["seen"] / one["seconds"] for one in rounds) for name, rounds in results.items()}
    table: list[dict[str, object]] = []
    for contender in CONTENDERS:
        name, other = contender.name, contender.against.removeprefix("-")
        if name not in results:
            continue
        row: dict[str, object] = {"contender": name, "cpu_us": each[name], "per_s": rates[name]}
        if other in results:
            turned = -1 if contender.against.startswith("-") else 1
            row |= {"cpu": (each[name] / each[other]) ** turned, "wall": (rates[other] / rates[name]) ** turned}
            row |= {"floor": contender.floor, "aim": contender.aim}
        table.append(row)
    return table


def show(table: list[dict[str, object]], console: Console) -> bool:
    """Print the table; say whether every floor is reached, by CPU time."""
    shown = Table("contender", "CPU µs/object", "objects/s", "ratio, CPU", "ratio, wall", "floor", "aim")
    good = True
    for row in table:
        ratio = f"{row['cpu']:.2f}" if "cpu" in row else ""
        wall = f"{row['wall']:.2f}" if "wall" in row else ""
        limits = [f"{row[key]:g}" if row.get(key) else "" for key in ("floor", "aim")]
        good = good and float(str(row.get("cpu", 1))) >= float(str(row.get("floor", 0)))
        shown.add_row(str(row["contender"]), f"{row['cpu_us']:.1f}", f"{row['per_s']:,.0f}", ratio, wall, *limits)
    console.print(shown)
    return good


def told_stages(load: Loaded, console: Console) -> dict[str, float]:
    """Print where the road's time goes, with a core that is not compiled."""
    found: dict[str, float] = race(CONTENDERS[0], load, stages=True)["stages"]
    table = Table("stage of the road", "CPU µs/object")
    for stage, used in found.items():
        table.add_row(stage, f"{used:.2f}")
    console.print(table)
    return found


def save(out: Path, told: dict[str, object]) -> None:
    """Save what is known: each round takes minutes, and the next may be interrupted."""
    out.write_text(json.dumps(told, indent=1))


def main() -> int:
    """Answer 0 if the road reaches every floor."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=60_000, help="objects of each load")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="; ".join(one.name for one in CONTENDERS))
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="where to save it; the text lies beside")
    given = parser.parse_args()
    here = [one for one in CONTENDERS if not one.needs or find_spec(one.needs)]
    racing = [one for one in here if not given.only or one.name in given.only]
    console = Console(record=True)
    console.print(SAID[WAY])
    makers = {
        "single": lambda: estate(given.events),
        "quick": lambda: objects(given.events),
        "batched": lambda: batches(objects(given.events), BATCH),
        "played": lambda: estate(given.events),
    }
    with ExitStack() as stack:
        loads = {
            name: loaded(stack.enter_context(Cluster()).bootstrap, makers[name](), name == "played")
            for name in dict.fromkeys(one.load for one in racing)
        }
        results: Results = {one.name: [] for one in racing}
        noises: list[float] = []
        for number in range(given.rounds):
            save(given.out, {"results": results, "noise": noises})
            for one in racing:
                noises.append(noise())
                results[one.name].append(race(one, loads[one.load]))
                told = results[one.name][-1]
                console.log(f"round {number + 1}: {one.name}: {1e6 * told['cpu'] / told['seen']:.1f} µs")
        table = rows(results)
        good = show(table, console)
        console.print(f"the same computation took 1 to {max(noises) / min(noises):.2f} times the CPU time meanwhile")
        stages = told_stages(loads["single"], console) if "single" in loads else {}
    save(given.out, {"table": table, "stages": stages, "results": results, "noise": noises})
    given.out.with_suffix(".txt").write_text(console.export_text())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
