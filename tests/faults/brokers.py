"""What befalls brokers."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from random import Random

from tests.faults.load import Load
from tests.faults.place import until
from tests.faults.plant import Plant


@contextmanager
def kept(plant: Plant, *numbers: int) -> Iterator[None]:
    """Keep the ports of brokers that are down: another Kafka there would be taken for them."""
    with ExitStack() as sockets:
        for port in (port for number in numbers for port in plant.listening(number)):
            keeper = sockets.enter_context(socket.socket())
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            keeper.bind(("127.0.0.1", port))
        yield


def _kill_brokers(*numbers: int, away: float) -> Callable[[Plant], None]:
    def kill(plant: Plant) -> None:
        for number in numbers:
            plant.cluster.brokers[number].kill()
        with kept(plant, *numbers):
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


def kill_the_controller(plant: Plant, dice: Random, load: Load) -> None:
    """Kill -9 the broker that is the controller."""
    _kill_brokers(plant.controller(), away=8)(plant)
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
    with kept(plant, number):
        time.sleep(5)
    ballast.unlink()
    broker.kill()
    broker.start(wait=False)
    broker.wait(others=2)
    time.sleep(5)
