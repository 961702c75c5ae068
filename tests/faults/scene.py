"""One run: load, a fault in the midst of it, and the verdict."""

import time
from random import Random

from tests.faults.checker import Checker, Verdict
from tests.faults.faults import Deed
from tests.faults.load import Load
from tests.faults.plant import Plant
from tests.faults.watcher import Watcher

BEFORE, AFTER = 4.0, 8.0
"""Seconds of load around a fault."""
runs = 0


def play(
    plant: Plant, checker: Checker, deed: Deed, seed: int, rate: float = 10_000, workers: int = 2, patience: float = 120
) -> Verdict:
    """Have a fault befall the plant under load, wait until all is processed, and judge."""
    global runs
    runs += 1
    dice = Random(seed)
    plant.calm(workers)
    with Watcher(plant) as watcher:
        since = time.time()
        with Load(plant.cluster.bootstrap, f"{runs}", seed, rate=rate) as load:
            checker.loads.append(load)
            time.sleep(BEFORE + dice.uniform(0, 2))
            deed(plant, dice, load)
            time.sleep(AFTER)
        checker.settle(patience)
    return checker.judge(load, watcher, since)
