"""The gate is as safe as the worker: gates killed, stopped and moved, brokers gone, and every object arrives once.

A gate may forward again what it had forwarded before it died; the worker knows those. So what `telemetry.*` holds is
counted as the worker counts it.
"""

import logging
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import NamedTuple

import msgspec
import pytest
from confluent_kafka import Producer

from streams.incidents.sequence import Tracker
from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.sites.access.users import Users
from streams.topics import ensure
from tests.faults.place import Worker, until
from tests.sites.log import Place, records

log = logging.getLogger("faults")

SITES, DEVICES, RATE = 6, 5, 400
"""Objects a second of each site."""


class Counts(NamedTuple):
    """What became of the sites' objects."""

    sent: int
    lost: int
    twice: int
    disordered: int


class GatePlace(Worker):
    """One place for a gate."""

    command = ("streams", "gate")
    at_work = b"shows its metrics"


class Sites:
    """Sites that publish, each on its own topic, until told to stop."""

    def __init__(self, brokers: str, places: list[Place]) -> None:
        self.sent: dict[str, int] = dict.fromkeys((place.site for place in places), 0)
        self._stop = Event()
        self._threads = [Thread(target=self._speak, args=(brokers, place)) for place in places]
        for thread in self._threads:
            thread.start()

    def _speak(self, brokers: str, place: Place) -> None:
        options = {"bootstrap.servers": brokers, "enable.idempotence": True, "message.timeout.ms": 0, "log_level": 0}
        producer = Producer(options)
        while not self._stop.wait(0.1):
            for _ in range(RATE // 10):
                number = self.sent[place.site]
                one = place.reading(f"m{number % DEVICES}", sequence=number // DEVICES, load=float(number))
                producer.produce(place.topic, msgspec.json.encode(one), place.site)
                self.sent[place.site] += 1
            producer.poll(0)
        assert producer.flush(120) == 0

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


class Plant:
    """Three brokers and two gates that are started again whenever they end."""

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster(3).start()
        self.settings = Settings(brokers=self.cluster.bootstrap, partitions=3, replication=3)
        ensure(self.settings)
        environment = {"TOCSIN_BROKERS": self.cluster.bootstrap, "TOCSIN_GATE_PORT": "0"}
        self.gates = [GatePlace(f"gate-{n}", folder, environment) for n in range(2)]
        self._stop = Event()
        self._supervisor = Thread(target=self._supervise)
        for gate in self.gates:
            gate.start()
        self._supervisor.start()
        until(lambda: all(gate.ready() for gate in self.gates), "the gates")

    def _supervise(self) -> None:
        while not self._stop.wait(0.2):
            for gate in self.gates:
                gate.supervise()

    def stop(self) -> None:
        self._stop.set()
        self._supervisor.join()
        for gate in self.gates:
            gate.end()
        self.cluster.kill()


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    running = Plant(tmp_path_factory.mktemp("gates"))
    yield running
    running.stop()


Deed = Callable[[Plant, Random], None]


def kill_a_gate(plant: Plant, dice: Random) -> None:
    for _ in range(4):
        dice.choice(plant.gates).send(signal.SIGKILL)
        time.sleep(dice.uniform(1, 6))


def stop_a_gate(plant: Plant, dice: Random) -> None:
    """Past its session: its partitions go to the other one, and it wakes up with what it had judged in its hands."""
    gate = dice.choice(plant.gates)
    gate.send(signal.SIGSTOP)
    time.sleep(20)
    gate.send(signal.SIGCONT)
    time.sleep(6)


def kill_a_broker(plant: Plant, dice: Random) -> None:
    for number in dice.sample(range(3), 3):
        plant.cluster.brokers[number].kill()
        time.sleep(6)
        plant.cluster.brokers[number].start(wait=False)
        plant.cluster.brokers[number].wait(others=2)
        time.sleep(3)


def cut_two_brokers(plant: Plant, dice: Random) -> None:
    """Longer than the gate waits for an acknowledgement: it gives up, and is started again."""
    away = plant.cluster.brokers[1:]
    for broker in away:
        broker.pause()
    time.sleep(75)
    for broker in away:
        broker.resume()


def replace_a_gate(plant: Plant, dice: Random) -> None:
    gate = dice.choice(plant.gates)
    assert gate.leave() == 0
    time.sleep(5)
    gate.start()
    time.sleep(6)


DEEDS: dict[str, Deed] = {
    "gates killed": kill_a_gate,
    "gate stopped 20 s": stop_a_gate,
    "each broker killed in turn": kill_a_broker,
    "two of three brokers silent 75 s": cut_two_brokers,
    "gate terminated": replace_a_gate,
}
SLOW = {"two of three brokers silent 75 s", "gate terminated"}


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.full] * (one in SLOW)) for one in DEEDS])
def test_a_fault_of_the_gate(name: str, gated: Plant) -> None:
    deed = DEEDS[name]
    number = list(DEEDS).index(name)
    places = [Place(gated.cluster.bootstrap, f"GATE-{number}-{site}") for site in range(SITES)]
    users = Users(gated.settings)
    for place in places:
        users._make_topic(place.site)
    sites = Sites(gated.cluster.bootstrap, places)
    try:
        time.sleep(4)
        deed(gated, Random(number))
        time.sleep(3)
    finally:
        sites.stop()
    counts = counted(gated.cluster.bootstrap, sites.sent)
    log.info("%s: %s", name, counts)
    assert all(one.sent > RATE * 5 for one in counts.values())
    assert all(one[1:] == (0, 0, 0) for one in counts.values()), counts


def counted(brokers: str, sent: dict[str, int]) -> dict[str, Counts]:
    """Count what came of each site's objects, as a worker does."""
    loads: dict[str, set[float]] = defaultdict(set)
    trackers: dict[tuple[str, str], Tracker] = defaultdict(Tracker)
    newest: dict[tuple[str, str], int] = {}
    new, disordered = Counter[str](), Counter[str]()
    for record in records(brokers, "telemetry.power", 180):
        if record is None:
            if all(len(loads[site]) >= count for site, count in sent.items()):
                break
            continue
        site = record.key().decode()
        value = msgspec.json.decode(record.value())
        for one in (value if isinstance(value, list) else [value]) if site in sent else ():
            device, number = (site, one["device"]), one["sequence"]
            loads[site].add(one["load"])
            if not trackers[device].repeats(number, datetime.fromisoformat(one["time"]).timestamp()):
                new[site] += 1
                disordered[site] += number < newest.get(device, 0)
                newest[device] = number
    return {
        site: Counts(count, count - len(loads[site]), new[site] - len(loads[site]), disordered[site])
        for site, count in sent.items()
    }
