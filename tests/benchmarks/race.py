"""The core of all contenders, which tells when it has seen everything: the real one, or one that does nothing."""

import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence

from confluent_kafka import Producer

from streams.incidents.model import Fact, Finding, Incident, Output, encode
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.telemetry.control import Control
from streams.telemetry.decode import LANES, Arrival
from tests.benchmarks.stages import Stages

Ends = dict[str, list[int]]


def decoded(domain: str, records: Iterable[tuple[bytes | None, bytes | None, float]]) -> list[Arrival]:
    """Decode records, of each its key, value and arrival, Unix seconds; what is refused is dropped."""
    lane = LANES[domain]
    take = lane.take
    taken: list[Arrival] = []
    for key, value, at in records:
        arrival = take(key, value, at)
        if arrival is not None:
            taken.append(arrival)
        else:
            taken += [verdict for verdict in lane.judge(key, value, at) if isinstance(verdict, Arrival)]
    return taken


class Race:
    """Counts over all shards of the process; at the last object it prints what it took and ends the process.

    `ends` says for each topic how many records each partition holds, `latest` when the last came, Unix seconds.
    """

    def __init__(
        self, events: int, ends: Ends, latest: float, idle: bool = False, stages: Stages | None = None
    ) -> None:
        self.events, self.ends, self.latest, self.idle, self.stages = events, ends, latest, idle, stages
        self.seen = self.slices = 0
        self.shards: list[Shard] = []
        self.started = self.used = 0.0

    def ready(self) -> None:
        """Start to count what is used, before anything is fetched."""
        self.used = time.process_time()

    def start(self) -> None:
        """Start the clock at the first record, once."""
        if not self.started:
            self.started = time.perf_counter()
            if self.stages:
                self.stages.start()

    def count(self, events: int) -> None:
        """Count objects that the core has taken."""
        self.seen += events
        self.slices += 1
        if self.seen >= self.events:
            seconds, used = time.perf_counter() - self.started, time.process_time() - self.used
            late = sum(shard.stats.late for shard in self.shards)
            told: dict[str, object] = {
                "seen": self.seen,
                "seconds": seconds,
                "cpu": used,
                "late": late,
                "slices": self.slices,
            }
            if self.stages:
                told["stages"] = self.stages.told(self.seen, used)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            os._exit(0)

    def core(self) -> "RacingShard":
        """Make a core for one partition."""
        return RacingShard(self)


class RacingShard(Shard):
    """A shard in a race; an idle one takes all and says nothing."""

    def __init__(self, race: Race) -> None:
        super().__init__(Registry())
        self.race = race
        race.shards.append(self)

    def advance(
        self, clock: float, arrivals: list[Arrival], controls: list[Control], complete: bool = True
    ) -> list[Output]:
        outputs = [] if self.race.idle else super().advance(clock, arrivals, controls, complete)
        if arrivals:
            self.race.count(len(arrivals))
        return outputs

    def stretch(self, slices: Sequence[tuple[float, list[Arrival]]]) -> list[Output]:
        outputs = super().stretch(slices)
        self.race.count(sum(len(arrivals) for _, arrivals in slices))
        return outputs


class Gather:
    """One partition for those who have no ticks: what came of any topic waits until all have come as far.

    Otherwise most of the load would be late to the core, which has an easier time with that and answers less.
    """

    def __init__(self, race: Race, partition: int) -> None:
        self.core = race.core()
        self.left = {topic: counts[partition] for topic, counts in race.ends.items() if counts[partition]}
        self.newest = dict.fromkeys(self.left, 0.0)
        self.waiting: dict[str, deque[tuple[float, list[Arrival]]]] = {topic: deque() for topic in self.left}
        self.latest = 0.0
        self.fresh = 0

    def add(self, topic: str, records: int, stamp: float, arrivals: list[Arrival]) -> None:
        """Take what so many records held, the last of which came at `stamp`, Unix seconds."""
        self.waiting[topic].append((stamp, arrivals))
        self.newest[topic] = stamp
        self.latest = max(self.latest, stamp)
        self.fresh += records
        self.left[topic] -= records

    def advance(self) -> list[Output]:
        """Let the core have what all topics have come past."""
        self.fresh = 0
        clock = min((at for topic, at in self.newest.items() if self.left[topic]), default=self.latest)
        ripe: list[Arrival] = []
        for waiting in self.waiting.values():
            while waiting and waiting[0][0] <= clock:
                ripe += waiting.popleft()[1]
        return self.core.advance(clock, ripe, []) if clock else []


class Outlet:
    """Publishes what the core answered."""

    def __init__(self, brokers: str) -> None:
        self.producer = Producer({"bootstrap.servers": brokers, "compression.type": "lz4", "linger.ms": 5})

    def publish(self, outputs: list[Output]) -> None:
        for _, _, body in outputs:
            if isinstance(body, Finding):
                topic, key = "findings", body.site
            elif isinstance(body, Incident):
                topic, key = "incidents", body.id
            elif isinstance(body, Fact):
                topic, key = "tocsin.facts", body.subject
            else:
                topic, key = "commands", body.site
            self.producer.produce(topic, encode(body), key)
        self.producer.poll(0)
