"""What stands in Kafka, read by plain consumers, and what a calm pipeline would have made of it.

Nothing of `streams.worker` is used to judge `streams.worker`, but for the layout of ticks and rows: the log is cut by
its ticks in the most naive way, the pure core answers, and the ledgers come from the JSON on the wire.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Consumer, TopicPartition

from streams.incidents.model import Finding, Incident, Output, encode
from streams.telemetry.control import Control
from streams.telemetry.decode import decode
from streams.telemetry.decode_control import decode_control
from streams.telemetry.refusal import Refusal
from streams.worker.checkpoints import Row
from streams.worker.clock import CLOCK, CONTROLS, FACTS, TELEMETRY, Ends, Mark, decode_fact
from streams.worker.clock import decode as decode_ticks
from tests.faults.ledger import Ledger, Seen, enter
from tests.faults.plant import PARTITIONS, Plant

SHARED = (*CONTROLS, FACTS)
"""Topics of one partition that concern all sites."""


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    time: float
    headers: dict[str, bytes]


class Follower:
    """Reads topics from their beginning, as far as they reach whenever it is asked.

    Attributes
    ----------
    at
        How far it has read, by topic and partition.
    """

    def __init__(self, plant: Plant, topics: Iterable[str]) -> None:
        self._plant = plant
        self._consumer: Consumer = plant.consumer()
        self.at = {(topic, n): 0 for topic in topics for n in range(1 if topic in SHARED else PARTITIONS)}
        self._consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in self.at])

    def read(self) -> Iterator[Record]:
        """Yield what came since, to the end as it is now."""
        ends = self._plant.ends(self.at)
        waiting = {place: end for place, end in ends.items() if end > self.at[place]}
        while waiting:
            messages: list[Any] = self._consumer.consume(1000, 0.05)
            for message in messages:
                if message.error() is None:
                    self.at[message.topic(), message.partition()] = message.offset() + 1
                    yield _record(message)
            # What compaction has taken away leaves gaps that only the position shows.
            for at in self._consumer.position([TopicPartition(*place) for place in waiting]):
                if max(at.offset, self.at[at.topic, at.partition]) >= waiting[at.topic, at.partition]:
                    del waiting[at.topic, at.partition]

    def close(self) -> None:
        self._consumer.close()


def _said(record: Record) -> Control | Refusal | Mark | None:
    if record.topic == FACTS:
        return decode_fact(record.value)
    return decode_control(record.topic, record.key, record.value)


def _record(message: Any) -> Record:
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.key(),
        message.value(),
        message.timestamp()[1] / 1000,
        dict(message.headers() or []),
    )


class Wire(msgspec.Struct):
    device: str
    time: datetime
    sequence: int | None = None


_wire = msgspec.json.Decoder(list[Wire]).decode


def enter_all(seen: Seen, value: bytes) -> int:
    """Enter what a record holds, by the JSON on the wire; how many objects it was."""
    objects = _wire(value if value.startswith(b"[") else b"[" + value + b"]")
    for wire in objects:
        enter(seen, wire.device, wire.sequence, round(wire.time.timestamp() * 1000))
    return len(objects)


class Truth:
    """What the log asks for: ledgers, dead letters, findings and incidents, whatever befell the workers."""

    def __init__(self, plant: Plant) -> None:
        self._follower = Follower(plant, (*TELEMETRY, CLOCK, *SHARED))
        self._waiting: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        self._ends: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._controls: defaultdict[str, list[Record]] = defaultdict(list)
        self._time: defaultdict[int, float] = defaultdict(lambda: float("-inf"))
        self.cores: defaultdict[int, Ledger] = defaultdict(Ledger)
        self.ledgers: defaultdict[str, Seen] = defaultdict(dict)
        self.objects = 0
        self.dead: dict[tuple[bytes, bytes, bytes], bytes | None] = {}
        self.findings: dict[str, bytes] = {}
        self.incidents: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.final: dict[str, Incident] = {}
        self.frozen: dict[str, bytes] = {}
        self._rows: Mapping[str, Row] = {}

    def read(self, poison: Iterable[bytes], rows: Mapping[str, Row]) -> dict[tuple[str, int], int]:
        """Read the log to its end and take it in; how far that was in the clock.

        `poison` is what must be refused, `rows` whose state at which cut is to be kept in `frozen`.
        """
        known, ticks = set(poison), list[Record]()
        self._rows = rows
        for record in self._follower.read():
            if record.topic == CLOCK:
                ticks.append(record)
                continue
            if record.topic in SHARED:
                self._controls[record.topic].append(record)
                continue
            self._waiting[record.topic, record.partition].append(record)
            if record.value in known:
                self.dead[record.topic.encode(), b"%d" % record.partition, b"%d" % record.offset] = record.value
            else:
                self.objects += enter_all(self.ledgers[(record.key or b"").decode()], record.value or b"")
        for record in ticks:
            for tick in decode_ticks(record.value):
                self._cut(record.partition, tick.time, tick.ends, tick.complete)
        return {place: end for place, end in self._follower.at.items() if place[0] == CLOCK}

    def _cut(self, partition: int, time: float, ends: dict[str, int], complete: bool) -> None:
        before = self._ends[partition]
        after = before | {topic: end for topic, end in ends.items() if end > before.get(topic, 0)}
        if after == before and time <= self._time[partition]:
            return
        self._ends[partition], self._time[partition] = after, max(time, self._time[partition])
        arrivals = []
        for topic in TELEMETRY:
            rest = self._waiting[topic, partition]
            cut = [record for record in rest if record.offset < after.get(topic, 0)]
            self._waiting[topic, partition] = rest[len(cut) :]
            domain = topic.removeprefix("telemetry.")
            for record in cut:
                arrivals += decode(domain, record.key, record.value, record.time)[0]
        core = self.cores[partition]
        self._keep(core.advance(self._time[partition], arrivals, self._controlled(before, after), complete))
        for site, row in self._rows.items():
            same = row.time == core.clock and all(after.get(topic, 0) == row.ends.get(topic, 0) for topic in TELEMETRY)
            if same and core.watch(site):
                self.frozen[site] = core.freeze(site)

    def _controlled(self, before: Ends, after: Ends) -> list[Control]:
        """Decode the control records between two cuts."""
        found: list[Control] = []
        for topic in SHARED:
            for record in self._controls[topic]:
                if before.get(topic, 0) <= record.offset < after.get(topic, 0):
                    said = _said(record)
                    if said is not None and not isinstance(said, Refusal | Mark):
                        found.append(said)
        return found

    def _keep(self, outputs: Iterable[Output]) -> None:
        for _, _, body in outputs:
            if isinstance(body, Finding):
                self.findings[body.id] = encode(body)
            elif isinstance(body, Incident):
                self.incidents[body.id][body.revision] = encode(body)
                self.final[body.id] = body

    def close(self) -> None:
        self._follower.close()
