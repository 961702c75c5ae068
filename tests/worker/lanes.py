"""A recording's partitions in memory, as a player would fill them, and processes that take their lanes through them."""

from collections.abc import Iterable
from math import ceil, inf

from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.local.player import TAIL
from streams.local.ticks import LONGEST, Cuts
from streams.telemetry.control import Control
from streams.telemetry.decode import TOPICS, Arrival, decode
from streams.telemetry.decode_control import decode_control
from streams.telemetry.recording import Line, clocked
from streams.telemetry.refusal import Refusal
from streams.worker.checkpoints import recover
from streams.worker.clock import CONTROLS, FACTS, TELEMETRY, Tick, decode_fact
from streams.worker.controls import Controls
from streams.worker.exchange import Exchange
from streams.worker.publisher import Outbox
from streams.worker.runner import Runner
from streams.worker.strand import Chunk
from tests.worker.log import Kafka

POLL = 200
"""Records of a topic that are fetched at a time."""
EMPTY = Chunk([], [], 0, [], [])


class Played:
    """What a player makes of a recording: records by topic and partition, control records, ticks by partition."""

    def __init__(self, lines: Iterable[Line], partitions: int) -> None:
        self.partitions = partitions
        self.records: dict[tuple[str, int], list[tuple[int, list[Arrival]]]] = {}
        self.controls: list[tuple[str, int, Control]] = []
        self.ticks: list[list[Tick]] = [[] for _ in range(partitions)]
        self._ends = {(topic, p): 0 for topic in TELEMETRY for p in range(partitions)} | {(t, 0): 0 for t in CONTROLS}
        cuts, last = Cuts(self._ends, partitions), None
        for clock, line in clocked(lines):
            second = ceil(clock)
            for pause in range((last or second) + LONGEST, second, LONGEST):
                cuts.pause(pause)
            last = second
            cuts.sent(second)
            cuts.delivered(second, line.topic, *self._put(line, clock))
            self._cut(cuts, second)
        for pause in range((last or 0) + 1, (last or 0) + 1 + TAIL):
            cuts.pause(pause)
        self._cut(cuts, inf)

    def _put(self, line: Line, clock: float) -> tuple[int, int]:
        partition = sum(line.key or b"") % self.partitions if line.topic in TELEMETRY else 0
        offset = self._ends[line.topic, partition]
        self._ends[line.topic, partition] = offset + 1
        if line.topic in TELEMETRY:
            valid, _ = decode(TOPICS[line.topic], line.key, line.value, clock)
            self.records.setdefault((line.topic, partition), []).append((offset, valid))
        else:
            control = decode_control(line.topic, line.key, line.value)
            if control is not None and not isinstance(control, Refusal):
                self.controls.append((line.topic, offset, control))
        return partition, offset

    def _cut(self, cuts: Cuts, before: float) -> None:
        for partition, tick in cuts.ready(before):
            self.ticks[partition].append(tick)


class Process:
    """A worker process with some of the partitions; what it publishes is in `kafka`, its facts on a topic of all."""

    def __init__(self, played: Played, owned: Iterable[int], kafka: Kafka) -> None:
        self.kafka = kafka
        self.exchange = Exchange(played.partitions)
        self.exchange.own(owned)
        self.heard = 0
        controls = Controls(self.exchange)
        for topic, offset, record in played.controls:
            controls.add(topic, offset, record)
            controls.ends[topic] = offset + 1
        self.runners = [self._runner(played, partition, controls) for partition in owned]

    def _runner(self, played: Played, partition: int, controls: Controls) -> Runner:
        core, box = Shard(Registry()), Outbox(self.kafka, self.kafka)
        runner = Runner(partition, core, controls, box, recover({}), {}, 1.0, lambda *_: None, exchange=self.exchange)
        for topic in TELEMETRY:
            records = played.records.get((topic, partition), [])
            runner.lane.receive(topic, EMPTY, 0, len(records))
            for at in range(0, len(records), POLL):
                piece = records[at : at + POLL]
                offsets = [offset for offset, _ in piece]
                arrivals = [arrival for _, valid in piece for arrival in valid]
                tags = [offset for offset, valid in piece for _ in valid]
                runner.lane.receive(topic, Chunk(offsets, offsets, 0, arrivals, tags), at + len(piece), len(records))
        for number, tick in enumerate(played.ticks[partition], 1):
            runner.lane.tick(tick, number)
        return runner

    def listen(self) -> None:
        """Read on in the topic of facts, as far as it goes."""
        told = self.kafka.sent.get(FACTS, [])
        for _, value in told[self.heard :]:
            self.exchange.hear(decode_fact(value))
        self.heard = len(told)
