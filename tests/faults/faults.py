"""What befalls the plant: each fault does its harm under load, and undoes it."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

from tests.faults.brokers import (
    fill_a_disk,
    kill_every_broker_in_turn,
    kill_the_controller,
    kill_the_leader,
    kill_two_brokers,
)
from tests.faults.lines import cut_a_worker_off, lossy_lines, refuse_a_worker, slow_lines, workers_of
from tests.faults.load import Load
from tests.faults.memory import damage_a_snapshot
from tests.faults.place import until
from tests.faults.plant import PASSWORD, Plant

Deed = Callable[[Plant, Random, Load], None]


class Fault(NamedTuple):
    """One sort of harm.

    Attributes
    ----------
    gap
        Seconds for which a site may go unprocessed.
    paired
        Whether it may meet another one.
    ignored
        Invariants that it is free to break: another version's state is another state.
    """

    deed: Deed
    gap: float = 30.0
    paired: bool = True
    ignored: tuple[str, ...] = ()


def nothing(plant: Plant, dice: Random, load: Load) -> None:
    """Let it run."""
    time.sleep(12)


def kill_a_worker(plant: Plant, dice: Random, load: Load) -> None:
    """Kill -9 a worker."""
    dice.choice(workers_of(plant)).send(signal.SIGKILL)
    time.sleep(16)


def kill_workers_twenty_times(plant: Plant, dice: Random, load: Load) -> None:
    """Kill -9 whatever worker at whatever moment, twenty times."""
    for _ in range(20):
        dice.choice(workers_of(plant)).send(signal.SIGKILL)
        time.sleep(dice.uniform(0.5, 8))


def _stop(seconds: float) -> Deed:
    def stop(plant: Plant, dice: Random, load: Load) -> None:
        worker = dice.choice(workers_of(plant))
        worker.send(signal.SIGSTOP)
        time.sleep(seconds)
        worker.send(signal.SIGCONT)
        time.sleep(8)

    stop.__doc__ = f"SIGSTOP a worker for {seconds:.0f} s."
    return stop


def terminate_a_worker(plant: Plant, dice: Random, load: Load) -> None:
    """SIGTERM a worker; it comes back."""
    worker = dice.choice(workers_of(plant))
    code = worker.leave()
    assert code == 0, f"{worker.name} left with {code}"
    time.sleep(4)
    worker.start()
    time.sleep(6)


def join_and_leave(plant: Plant, dice: Random, load: Load) -> None:
    """Ten joins and leaves of a third worker within a minute."""
    third = plant.workers[2]
    for _ in range(5):
        third.start()
        time.sleep(dice.uniform(3, 8))
        third.leave()
        time.sleep(dice.uniform(0.5, 3))


def step_the_clock(plant: Plant, dice: Random, load: Load) -> None:
    """The workers' clock jumps five minutes ahead, back, and five minutes behind; the sites' with it by turns."""
    for seconds in (300.0, -300.0, 0.0):
        plant.clock.write_text(str(seconds))
        load.shift = -seconds
        time.sleep(6)
    load.shift = 0.0


def poison(plant: Plant, dice: Random, load: Load) -> None:
    """Fifty times the usual poison."""
    load.toxic = 50
    time.sleep(10)
    load.toxic = 1


def burst(plant: Plant, dice: Random, load: Load) -> None:
    """Ten times the load for ten seconds."""
    load.rate *= 10
    time.sleep(10)
    load.rate /= 10
    time.sleep(10)


def both(one: Deed, other: Deed) -> Deed:
    """Have two faults at once."""

    def deed(plant: Plant, dice: Random, load: Load) -> None:
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(each, plant, Random(dice.random()), load) for each in (one, other)]:
                done.result()

    return deed


def expire_credentials(plant: Plant, dice: Random, load: Load) -> None:
    """A worker's password holds no more, and its connections are cut; after 20 s it is valid again."""
    plant.password("another")
    plant.proxy.set(plant.ports(0), "refuse")
    time.sleep(0.5)
    plant.proxy.set(plant.ports(0))
    time.sleep(20)
    plant.password(PASSWORD)
    until(lambda: plant.workers[0].ready(), "the first worker's return", 90)


def upgrade(plant: Plant, dice: Random, load: Load) -> None:
    """Worker by worker to a version with other detectors, and back again."""
    for version in ("next", ""):
        for worker in workers_of(plant):
            worker.leave()
            worker.environment["FAULTS_VERSION"] = version
            worker.start()
            until(worker.ready, "the upgraded worker's partitions")
            time.sleep(2)


FAULTS: dict[str, Fault] = {
    "nothing": Fault(nothing, paired=False),
    "worker killed": Fault(kill_a_worker),
    "workers killed 20 times": Fault(kill_workers_twenty_times, gap=60),
    "worker stopped 5 s": Fault(_stop(5)),
    "worker stopped 30 s": Fault(_stop(30)),
    "worker stopped 90 s": Fault(_stop(90), paired=False),
    "worker terminated": Fault(terminate_a_worker, gap=15),
    "ten joins and leaves": Fault(join_and_leave),
    "leader killed": Fault(kill_the_leader, gap=15),
    "controller killed": Fault(kill_the_controller, gap=15),
    "each broker killed in turn": Fault(kill_every_broker_in_turn, paired=False, gap=15),
    "two of three brokers gone": Fault(kill_two_brokers, paired=False, gap=60),
    "worker cut off 25 s": Fault(cut_a_worker_off),
    "worker refused 20 s": Fault(refuse_a_worker),
    "lines of 300 ms": Fault(slow_lines),
    "lines that lose packets": Fault(lossy_lines),
    "disk full": Fault(fill_a_disk, paired=False),
    "clocks step by ±5 min": Fault(step_the_clock),
    "50 times the poison": Fault(poison),
    "ten times the load": Fault(burst),
    "snapshot damaged": Fault(damage_a_snapshot, paired=False),
    "credentials expired": Fault(expire_credentials, paired=False),
    "rolling upgrade and back": Fault(upgrade, paired=False, ignored=("state",)),
}
