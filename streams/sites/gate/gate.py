"""The gate's loop: read the sites' topics, judge, forward, and only then say that it was read."""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaException, TopicPartition

from streams import metrics
from streams.settings import Settings, librdkafka_config
from streams.sites.gate.forward import Forward, Wave
from streams.sites.gate.memory import Memory
from streams.sites.gate.sort import sort

log = logging.getLogger("tocsin.gate")

PATTERN = r"^in\.[A-Z0-9-]+$"
GROUP = "tocsin-gate"
WAVE = 10_000
"""Records that are forwarded and committed together, at most."""
GATHER_S = 0.03
"""How long a wave gathers when there are fewer."""
DISCOVER_S = 5.0
"""Seconds after which a new site's topic is noticed, at the latest."""
LAG_S = 2.0

Place = tuple[str, int]


class GateError(Exception):
    """The gate can't go on; the message says why."""


class Reading:
    """One partition that this gate reads."""

    def __init__(self, topic: str, begin: int, committed: int) -> None:
        self.site = topic.removeprefix("in.")
        self.memory = Memory(begin)
        self.known = committed
        """Below this offset all has been forwarded before: it is only remembered."""
        self.next = committed


class Reached(NamedTuple):
    """How far a partition has been judged: the next offset, and where its memory begins."""

    place: Place
    offset: int
    begin: int


class Gate:
    """A member of the gates' consumer group; as many as there are sites can share the work.

    It keeps nothing on disk. What it remembers of a partition it reads again when the partition comes to it: a commit
    says, beside the offset, from where.
    """

    def __init__(self, settings: Settings) -> None:
        self._readings: dict[Place, Reading] = {}
        self._touched: set[Place] = set()
        self._waves: deque[tuple[Wave, list[Reached]]] = deque()
        self._looked = 0.0
        self._consumer = Consumer(
            librdkafka_config(
                settings,
                **{
                    "group.id": GROUP,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "partition.assignment.strategy": "cooperative-sticky",
                    "session.timeout.ms": 12_000,
                    "heartbeat.interval.ms": 3_000,
                    "topic.metadata.refresh.interval.ms": int(DISCOVER_S * 1000),
                    "fetch.wait.max.ms": 100,
                    "queued.max.messages.kbytes": 65_536,
                    "error_cb": lambda error: log.warning("Kafka at %s: %s", settings.brokers, error.str()),
                    "log_level": 0,
                },
            )
        )
        self._forward = Forward(settings)

    def run(self, going: Callable[[], bool]) -> None:
        """Work for as long as `going` says so; what was read and not forwarded is read again by the next.

        Raises
        ------
        GateError, ForwardError
            Kafka refuses to give or to take; to be started again.
        """
        self._consumer.subscribe([PATTERN], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._lose)
        try:
            while going():
                messages = self._consumer.consume(WAVE, GATHER_S)
                if messages:
                    self._take(messages)
                    self._waves.append((self._forward.close(), self._reached()))
                # While one wave is on its way, the next is judged.
                self._settle(1 if messages else 0)
                self._look()
            self._settle(0, wait=True)
        finally:
            self._consumer.close()

    def _take(self, messages: list[Any]) -> None:
        outcomes = {"forwarded": 0, "repeated": 0, "refused": 0}
        for message in messages:
            if message.error() is not None:
                self._complain(message.error())
                continue
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            reading = self._readings.get((topic, partition))
            if reading is None:
                continue  # taken away meanwhile: whoever has it now reads this
            kind, stamp = message.timestamp()
            arrival = stamp / 1000 if kind == TIMESTAMP_LOG_APPEND_TIME else time.time()
            found = sort(reading.site, message.key(), message.value(), arrival, offset, reading.memory)
            if offset < reading.known:
                continue
            reading.next = offset + 1
            self._touched.add((topic, partition))
            for domain, body, count in found.taken:
                self._forward.add(reading.site, domain, body, count, arrival)
                outcomes["forwarded"] += count
            for refusal in found.refused:
                self._forward.bury(reading.site, refusal, topic, partition, offset)
            outcomes["repeated"] += found.repeats
            outcomes["refused"] += len(found.refused)
        for outcome, count in outcomes.items():
            metrics.GATED.labels(outcome).inc(count)

    def _reached(self) -> list[Reached]:
        """Tell how far each partition has been judged since the last time."""
        reached = [
            Reached(place, reading.next, reading.memory.begin)
            for place in self._touched
            if (reading := self._readings.get(place)) is not None
        ]
        self._touched.clear()
        return reached

    def _settle(self, on_their_way: int, wait: bool = False) -> None:
        """Wait until no more than so many waves are on their way, and commit what has landed."""
        landed: dict[Place, Reached] = {}
        while len(self._waves) > on_their_way:
            wave, reached = self._waves.popleft()
            self._forward.settle(wave)
            landed |= {one.place: one for one in reached}
        offsets = [TopicPartition(*place, one.offset, str(one.begin)) for place, one in landed.items()]
        if not offsets:
            return
        try:
            if wait:
                self._consumer.commit(offsets=offsets, asynchronous=False)
            else:
                self._consumer.commit(offsets=offsets)
        except KafkaException as error:
            # Another one has the partitions by now and forwards the same again; the worker knows repeats.
            log.warning("what was forwarded could not be committed: %s", error.args[0].str())

    def _assign(self, consumer: Any, partitions: list[Any]) -> None:
        for at in consumer.committed(partitions, timeout=30) if partitions else []:
            if at.error is not None:
                raise GateError(f"{at.topic}: {at.error.str()}")
            committed = max(at.offset, 0)
            begin = min(int(at.metadata), committed) if (at.metadata or "").isdecimal() else committed
            self._readings[at.topic, at.partition] = Reading(at.topic, begin, committed)
        starts = [
            TopicPartition(p.topic, p.partition, self._readings[p.topic, p.partition].memory.begin) for p in partitions
        ]
        consumer.incremental_assign(starts)
        self._told()

    def _revoke(self, consumer: Any, partitions: list[Any]) -> None:
        self._settle(0, wait=True)
        self._lose(consumer, partitions)

    def _lose(self, consumer: Any, partitions: list[Any]) -> None:
        gone = {(at.topic, at.partition) for at in partitions}
        for place in gone:
            self._readings.pop(place, None)
        # Their next owner commits from now on.
        self._waves = deque((wave, [one for one in reached if one.place not in gone]) for wave, reached in self._waves)
        consumer.incremental_unassign(partitions)
        self._told()

    def _told(self) -> None:
        sites = {reading.site for reading in self._readings.values()}
        metrics.GATE_SITES.set(len(sites))
        log.info("reads the topics of %d sites", len(sites))

    def _look(self) -> None:
        """Show now and then how far behind it is."""
        now = time.monotonic()
        if now - self._looked < LAG_S:
            return
        self._looked = now
        lag = 0
        for (topic, partition), reading in self._readings.items():
            _, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            lag += max(0, high - reading.next)
        metrics.GATE_LAG.set(lag)

    def _complain(self, error: Any) -> None:
        if error.fatal():
            raise GateError(f"Kafka gives nothing more: {error.str()}")
        log.warning("reading: %s", error.str())
