"""What befalls the plant: each fault does its harm under load, and undoes it."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

from tests.faults.load import Load
from tests.faults.plant import Plant, Worker, until

Deed = Callable[[Plant, Random, Load], None]


class Fault(NamedTuple):
    """One sort of harm.

    Attributes
    ----------
    quick
        Whether it is in the selection that every run of the tests makes.
    gap
        Seconds for which a site may go unprocessed.
    paired
        Whether it may meet another one.
    """

    deed: Deed
    quick: bool = False
    gap: float = 30.0
    paired: bool = True


def workers_of(plant: Plant) -> list[Worker]:
    """List the workers that are there."""
    return [worker for worker in plant.workers if worker.wanted]


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


def _kill_brokers(*numbers: int, away: float) -> Callable[[Plant], None]:
    def kill(plant: Plant) -> None:
        for number in numbers:
            plant.cluster.brokers[number].kill()
        time.sleep(away)
        for number in numbers:
            plant.cluster.brokers[number].start(wait=False)
        for number in numbers:
            plant.cluster.brokers[number].wait(others=2)

    return kill


def kill_the_leader(plant: Plant, dice: Random, load: Load) -> None:
    """Kill -9 the broker that leads a partition of telemetry."""
    _kill_brokers(plant.leader("telemetry.power", dice.randrange(6)), away=8)(plant)
    time.sleep(4)


def kill_every_broker_in_turn(plant: Plant, dice: Random, load: Load) -> None:
    """Kill -9 each broker in turn: leaders, the group's coordinator and the controller are among them."""
    for number in dice.sample(range(3), 3):
        _kill_brokers(number, away=8)(plant)
        time.sleep(8)


def kill_two_brokers(plant: Plant, dice: Random, load: Load) -> None:
    """Two of three brokers are gone for a while: nothing can be acknowledged, nothing gets lost."""
    _kill_brokers(*dice.sample(range(3), 2), away=15)(plant)
    time.sleep(8)


def cut_a_worker_off(plant: Plant, dice: Random, load: Load) -> None:
    """Every line of a worker falls silent for 25 s, past its session, and goes on."""
    number = plant.workers.index(dice.choice(workers_of(plant)))
    plant.proxy.set(plant.ports(number), "hold")
    time.sleep(25)
    plant.proxy.set(plant.ports(number))
    time.sleep(8)


def refuse_a_worker(plant: Plant, dice: Random, load: Load) -> None:
    """Every line of a worker is reset and refused for 20 s."""
    number = plant.workers.index(dice.choice(workers_of(plant)))
    plant.proxy.set(plant.ports(number), "refuse")
    time.sleep(20)
    plant.proxy.set(plant.ports(number))
    time.sleep(8)


def slow_lines(plant: Plant, dice: Random, load: Load) -> None:
    """Every line of every worker is 300 ms long for 20 s."""
    ports = [port for number in range(len(plant.workers)) for port in plant.ports(number)]
    plant.proxy.set(ports, delay=0.3)
    time.sleep(20)
    plant.proxy.set(ports)
    time.sleep(3)


def lossy_lines(plant: Plant, dice: Random, load: Load) -> None:
    """Lines stall for a moment again and again, as packets get lost and are sent again."""
    ports = [port for number in range(len(plant.workers)) for port in plant.ports(number)]
    end = time.monotonic() + 20
    while time.monotonic() < end:
        port = dice.choice(ports)
        plant.proxy.set([port], "hold")
        time.sleep(dice.uniform(0.05, 1.5))
        plant.proxy.set([port])
    time.sleep(3)


def fill_a_disk(plant: Plant, dice: Random, load: Load) -> None:
    """The disk of a broker is full; it dies, and comes back when there is room."""
    number = len(plant.cluster.brokers) - 1
    broker = plant.cluster.brokers[number]
    ballast = broker.folder / "ballast"
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        except OSError:
            pass
    until(lambda: not broker.running, "the broker's end on a full disk", 60)
    time.sleep(5)
    ballast.unlink()
    broker.kill()
    broker.start(wait=False)
    broker.wait(others=2)
    time.sleep(5)


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


FAULTS: dict[str, Fault] = {
    "nothing": Fault(nothing, paired=False),
    "worker killed": Fault(kill_a_worker, quick=True),
    "workers killed 20 times": Fault(kill_workers_twenty_times, gap=45),
    "worker stopped 5 s": Fault(_stop(5)),
    "worker stopped 30 s": Fault(_stop(30), quick=True),
    "worker stopped 90 s": Fault(_stop(90), paired=False),
    "worker terminated": Fault(terminate_a_worker, quick=True, gap=15),
    "ten joins and leaves": Fault(join_and_leave),
    "leader killed": Fault(kill_the_leader, quick=True, gap=15),
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
}
