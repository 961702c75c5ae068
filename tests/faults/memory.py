"""What befalls the workers' memory, and what must be left of it."""

import time
from random import Random

from confluent_kafka import Producer

from streams.worker.checkpoints import MARK, STATE, unpack
from tests.faults.ledger import Seen
from tests.faults.lines import workers_of
from tests.faults.load import Damage, Load
from tests.faults.log import Follower, Record, enter_all
from tests.faults.place import until
from tests.faults.plant import Plant

TOPIC = "telemetry.power"
"""The one on which bulk sites speak."""


def damage_a_snapshot(plant: Plant, dice: Random, load: Load) -> None:
    """A bit of a site's snapshot flips while no worker is there."""
    for worker in (staff := workers_of(plant)):
        worker.end()
    site = dice.choice(load.bulk)
    rows = {(record.partition, record.key): record for record in _read(plant, STATE)}
    row = next(record for (_, key), record in rows.items() if key == site.encode())
    mark = rows[row.partition, MARK.encode()].value
    assert row.value and mark, f"{site} has no snapshot"
    damaged = bytearray(row.value)
    damaged[-dice.randrange(8, 40)] ^= 1 << dice.randrange(8)
    producer = Producer({"bootstrap.servers": plant.cluster.bootstrap})
    producer.produce(STATE, bytes(damaged), site, row.partition)
    assert producer.flush(30) == 0
    load.damaged[site] = Damage(bytes(damaged), row.partition, unpack(mark)[0].ends[TOPIC])
    for worker in staff:
        worker.start()
    until(lambda: all(worker.ready() for worker in staff), "the workers' return", 90)
    time.sleep(6)


def left(plant: Plant, site: str, damage: Damage) -> Seen:
    """Make the ledger of a site that started cold at the cut to which its worker's mark reached."""
    seen: Seen = {}
    for record in _read(plant, TOPIC):
        here = record.partition == damage.partition and record.offset >= damage.cut
        if here and record.key == site.encode():
            enter_all(seen, record.value or b"")
    return seen


def marks(plant: Plant) -> dict[int, bytes | None]:
    """Read how far each partition's rows reach."""
    return {record.partition: record.value for record in _read(plant, STATE) if record.key == MARK.encode()}


def _read(plant: Plant, topic: str) -> list[Record]:
    follower = Follower(plant, [topic])
    try:
        return list(follower.read())
    finally:
        follower.close()
