"""What befalls the lines between workers and brokers."""

import time
from random import Random

from tests.faults.load import Load
from tests.faults.place import Worker
from tests.faults.plant import Plant


def workers_of(plant: Plant) -> list[Worker]:
    """List the workers that are there."""
    return [worker for worker in plant.workers if worker.wanted]


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
