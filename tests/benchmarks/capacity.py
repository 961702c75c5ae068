"""Plan a cluster: `python -m tests.benchmarks.capacity --sites 1300`; sites are dealt to partitions as Kafka does it.

From what an object and a device cost (the bench measures it) it reckons cores, partitions, memory, brokers and disk,
and plays out where the sites fall: no two are alike, and a partition can be no faster than one core.
"""

import argparse
from math import ceil
from random import Random
from statistics import median

from aiokafka.partitioner import murmur2
from msgspec import Struct
from rich.console import Console
from rich.table import Table

HALF = 0.5
"""Share of a core, and of a worker, that is planned for: the rest is for catching up."""
LEAST_PARTITIONS = 8
PER_CORE = 8
"""Partitions for each core: with fewer a worker's share depends on luck, and they can hardly be added later."""
COPIES = 3
RETENTION_S = 7 * 86400.0
SNAPSHOT_S = 60.0
"""Between two rows of a busy site."""
BROKER = 40e6
"""Bytes a second, copies included, that are asked of one broker."""
SPREAD = 0.7
"""Standard deviation of the logarithm of sites' sizes: the hottest of a thousand is nine times the median."""
TRIALS = 30


class Costs(Struct, frozen=True):
    """What was measured; a worker's own memory comes once a worker."""

    object_us: float = 25.0
    object_bytes: float = 60.0
    row_bytes: float = 500.0
    device_bytes: float = 8000.0
    worker_bytes: float = 150e6
    clock_bytes: float = 4000.0
    """of ticks, a second and partition, twenty of them"""


class Plan(Struct, frozen=True):
    """What so many sites need; rates a second, sizes in bytes."""

    sites: int
    rate: float
    cores: int
    partitions: int
    hottest: float
    """Share of a core that the busiest partition takes, in the median of the trials."""
    worker: float
    """The same of the busiest worker."""
    memory: float
    changelog: float
    brokers: int
    disk: float


def plan(sites: int, devices: int, interval: float, costs: Costs) -> Plan:
    """Reckon what so many sites of so many devices, each of which speaks once in `interval` seconds, need."""
    rate = sites * devices / interval
    cores = max(ceil(rate * costs.object_us / 1e6 / HALF), 2)
    partitions = max(LEAST_PARTITIONS, PER_CORE * cores)
    trials = [_deal(sites, partitions, cores, rate * costs.object_us / 1e6, seed) for seed in range(TRIALS)]
    changelog = sites * devices * costs.row_bytes / SNAPSHOT_S
    written = COPIES * (rate * costs.object_bytes + changelog)
    return Plan(
        sites,
        rate,
        cores,
        partitions,
        median(hottest for hottest, _ in trials),
        median(busiest for _, busiest in trials),
        sites * devices * costs.device_bytes + cores * costs.worker_bytes,
        changelog,
        max(COPIES, ceil(written / BROKER)),
        COPIES
        * (
            (rate * costs.object_bytes + partitions * costs.clock_bytes) * RETENTION_S
            + 3 * sites * devices * costs.row_bytes
        ),
    )


def _deal(sites: int, partitions: int, workers: int, load: float, seed: int) -> tuple[float, float]:
    """Deal sites to partitions and partitions to workers; what the busiest of each take, in cores."""
    dice = Random(seed)
    weights = [dice.lognormvariate(0.0, SPREAD) for _ in range(sites)]
    total = sum(weights)
    taken = [0.0] * partitions
    for number, weight in enumerate(weights):
        key = f"SITE-{seed}-{number:05}".encode()
        taken[(murmur2(key) & 0x7FFFFFFF) % partitions] += load * weight / total
    share = ceil(partitions / workers)
    return max(taken), max(sum(taken[first : first + share]) for first in range(0, partitions, share))


def main() -> None:
    """Print the plan."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.capacity", description=__doc__)
    parser.add_argument("--sites", type=int, nargs="+", default=[130, 1300, 13000])
    parser.add_argument("--devices", type=int, default=500, help="of a site")
    parser.add_argument("--interval", type=float, default=10.0, help="seconds between two objects of a device")
    parser.add_argument("--object-us", type=float, default=Costs().object_us, help="CPU time an object, µs")
    given = parser.parse_args()
    head = "sites", "objects/s", "cores", "partitions", "busiest partition", "busiest worker", "memory, GB"
    table = Table(*head, "changelog, MB/s", "brokers", "disk, TB")
    for sites in given.sites:
        one = plan(sites, given.devices, given.interval, Costs(object_us=given.object_us))
        busy = f"{one.hottest:.0%} of a core", f"{one.worker:.0%} of a core"
        sizes = f"{one.memory / 1e9:.1f}", f"{one.changelog / 1e6:.1f}", f"{one.brokers}", f"{one.disk / 1e12:.1f}"
        table.add_row(f"{one.sites:,}", f"{one.rate:,.0f}", f"{one.cores}", f"{one.partitions}", *busy, *sizes)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
