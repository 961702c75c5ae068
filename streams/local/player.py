"""Plays a recording into Kafka at a chosen speed and writes the ticks that a worker with `TOCSIN_CLOCK=log` goes by."""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from threading import Event
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, Producer

from streams.local.ticks import LONGEST, Cuts
from streams.offsets import watermarks
from streams.telemetry.recording import Line, clocked
from streams.worker.clock import CLOCK, CONTROLS, TELEMETRY, Tick, encode

TAIL = 3
"""Seconds of time that go on after the last record."""
PATIENCE = 20.0
"""Seconds that Kafka has to answer the first questions."""


class PlayError(Exception):
    """Kafka or the recording stopped the playing; says what to do."""


class Progress(NamedTuple):
    """How far the playing has come; `clock` is the recording's arrival clock in Unix seconds."""

    records: int
    ticks: int
    clock: float


class Player:
    """Plays recordings.

    Parameters
    ----------
    brokers : Kafka's bootstrap addresses, `host:port[,…]`.
    speed : recorded seconds a second; 0 or None plays as fast as Kafka takes it. It may be set while playing.
    on_progress : called in the playing thread some times a second.
    config : further settings of the Kafka client, such as its security.
    """

    def __init__(
        self,
        brokers: str,
        speed: float | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.brokers = brokers
        self.speed = speed
        self._config = {**(config or {}), "bootstrap.servers": brokers}
        self._on_progress = on_progress
        self._stopping = Event()

    def stop(self) -> None:
        """Let `play` end soon, from any thread; what has been sent is still delivered and cut."""
        self._stopping.set()

    def play(self, lines: Iterable[Line]) -> Progress:
        """Send all lines and their ticks, and return when all is delivered.

        Raises
        ------
        PlayError : Kafka does not answer or refuses a record, the topics are missing, a line names an unknown topic.
        """
        run = _Run(self.brokers, self._config, lambda: self.speed, self._stopping, self._on_progress)
        for clock, line in clocked(lines):
            if self._stopping.is_set():
                break
            run.send(clock, line)
        return run.finish()


class _Run:
    """One playing: the producer, the cuts and how far they are."""

    def __init__(
        self,
        brokers: str,
        config: dict[str, Any],
        speed: Callable[[], float | None],
        stopping: Event,
        on_progress: Callable[[Progress], object] | None,
    ) -> None:
        self._brokers = brokers
        self._speed, self._stopping, self._on_progress = speed, stopping, on_progress
        self._cuts = _survey(brokers, config)
        reliable = {"enable.idempotence": True, "acks": "all", "message.timeout.ms": 60_000, "partitioner": "murmur2"}
        quick = {"linger.ms": 5, "compression.type": "lz4"}
        bounded = {"queue.buffering.max.messages": 50_000, "queue.buffering.max.kbytes": 65_536}
        self._producer = Producer({**config, **reliable, **quick, **bounded, "message.max.bytes": 16 << 20})
        self._error: str | None = None
        self._records = self._ticks = 0
        self._clock = 0.0
        self._second: int | None = None
        self._pace: float | None = None
        self._began = 0.0, 0.0
        """Recorded moment and monotonic time from which the pace counts."""
        self._shown = 0.0

    def send(self, clock: float, line: Line) -> None:
        """Send one line when its time has come."""
        if line.topic not in TELEMETRY and line.topic not in CONTROLS:
            raise PlayError(f"line {line.number}: there is no topic {line.topic} for telemetry or control records")
        second = math.ceil(clock)
        if self._second is None:
            self._clock = clock
        else:
            for pause in range(self._second + LONGEST, second, LONGEST):
                self._pause(pause)
        self._second = second
        self._wait(clock)
        self._cuts.sent(second)
        self._produce(line, second, round(clock * 1000))
        self._records += 1
        if self._records % 1000 == 0:
            self._cut(second)

    def finish(self) -> Progress:
        """Wait for the last reports and let time go on a little, so that the last records are decided."""
        if self._second is not None:
            self._settle()
            for pause in range(self._second + 1, self._second + 1 + TAIL):
                if not self._stopping.is_set():
                    self._pause(pause)
            self._settle()
        return self._progress()

    def _settle(self) -> None:
        """Wait until all is delivered and cut."""
        while len(self._producer) or self._cuts.waiting:
            self._producer.poll(0.05)
            self._cut(math.inf)
            self._check()

    def _pause(self, second: int) -> None:
        self._wait(second)
        self._cuts.pause(second)
        self._cut(second + 1)

    def _wait(self, clock: float) -> None:
        """Serve delivery reports, at least once and until the recorded moment has come."""
        self._producer.poll(0)
        while (left := self._left(clock)) > 0 and not self._stopping.is_set():
            self._cut(math.ceil(clock))
            self._producer.poll(min(left, 0.05))
        self._clock = clock
        self._check()

    def _left(self, clock: float) -> float:
        """Answer the seconds until a recorded moment has come, at the speed of now."""
        speed = self._speed()
        if speed != self._pace:
            self._pace, self._began = speed, (self._clock, time.monotonic())
        return self._began[1] + (clock - self._began[0]) / speed - time.monotonic() if speed else 0.0

    def _produce(self, line: Line, second: int, milliseconds: int) -> None:
        def delivered(error: Any, message: Any) -> None:
            if error:
                self._fail(f"Kafka refused line {line.number} for {line.topic}: {error.str()}")
            else:
                self._cuts.delivered(second, line.topic, message.partition(), message.offset())

        self._hand_over(line.topic, value=line.value, key=line.key, timestamp=milliseconds, on_delivery=delivered)

    def _cut(self, before: float) -> None:
        """Write the ticks of the seconds below `before` that are complete."""
        chapters: dict[int, list[Tick]] = {}
        for partition, tick in self._cuts.ready(before):
            chapters.setdefault(partition, []).append(tick)
        for partition, ticks in chapters.items():
            stamp = round(ticks[-1].time * 1000)
            self._ticks += len(ticks)
            self._hand_over(CLOCK, value=encode(ticks), partition=partition, timestamp=stamp, on_delivery=self._ticked)
        if self._on_progress and time.monotonic() - self._shown > 0.2:
            self._shown = time.monotonic()
            self._on_progress(self._progress())

    def _hand_over(self, topic: str, **record: Any) -> None:
        """Give a record to the producer, which bounds what it holds: wait for room while it is full."""
        while True:
            try:
                self._producer.produce(topic, **record)
                return
            except BufferError:
                self._producer.poll(0.05)
                self._check()
            except KafkaException as error:
                raise PlayError(f"{topic}: the Kafka client refuses a record: {error.args[0].str()}") from error

    def _ticked(self, error: Any, message: Any) -> None:
        if error:
            self._fail(f"Kafka refused a tick for {CLOCK}: {error.str()}")

    def _fail(self, message: str) -> None:
        self._error = self._error or f"{message}; is Kafka at {self._brokers} up, and its disk not full?"

    def _check(self) -> None:
        if self._error:
            raise PlayError(self._error)

    def _progress(self) -> Progress:
        return Progress(self._records, self._ticks, self._clock)


def _survey(brokers: str, config: Mapping[str, Any]) -> Cuts:
    """Find the topics' partitions and where they end."""
    looker = Consumer({**config, "group.id": "tocsin-player", "enable.auto.commit": False, "log_level": 0})
    try:
        known = looker.list_topics(timeout=PATIENCE).topics
        topics = (*TELEMETRY, CLOCK, *CONTROLS)
        counts = {topic: len(known[topic].partitions) if topic in known else 0 for topic in topics}
        wanted = {topic: 1 if topic in CONTROLS else counts[CLOCK] for topic in topics}
        wrong = [topic for topic, count in counts.items() if not count or count != wanted[topic]]
        if wrong:
            raise PlayError(
                f"topics missing or with another number of partitions: {', '.join(wrong)}; run `tocsin topics`"
            )
        places = [(topic, partition) for topic, count in counts.items() for partition in range(count)]
        ends = {place: watermarks(looker, *place, PATIENCE)[1] for place in places}
    except KafkaException as error:
        raise PlayError(
            f"no Kafka answers at {brokers}: {error.args[0].str()}; start one with `tocsin broker`"
        ) from error
    finally:
        looker.close()
    return Cuts(ends, counts[CLOCK])
