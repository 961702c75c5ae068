"""From the spool into Kafka: in order, many objects a record, and nothing forgotten before it is acknowledged."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

from confluent_kafka import KafkaException, Producer
from msgspec import Raw, Struct
from msgspec.json import Decoder

from streams.settings import Settings, librdkafka_config
from streams.sites.spool import Block, Spool, SpoolError
from streams.telemetry.decode import TOPICS

log = logging.getLogger("tocsin.publisher")

mute = logging.getLogger("tocsin.librdkafka")
mute.addHandler(logging.NullHandler())
mute.propagate = False

WINDOW = 4_000
"""Objects that Kafka may have and that are not yet forgotten here. After a crash they come again: the gate remembers
more than so many."""
RECORD_OBJECTS = 500
RECORD_BYTES = 256 << 10
SWEEP_S = 0.2
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Between attempts after Kafka has refused something."""
RELIABLE = {
    "enable.idempotence": True,
    "acks": "all",
    "enable.gapless.guarantee": True,  # a record that fails must not be overtaken by the next
    "message.timeout.ms": 0,  # the spool is where it waits, for as long as it takes
    "partitioner": "murmur2",
    "linger.ms": 0,
    "compression.type": "lz4",
    "message.max.bytes": 4 << 20,
    "reconnect.backoff.max.ms": 5_000,
    "logger": mute,  # what matters comes by error_cb
}
NAMES = tuple(TOPICS)
_elements = Decoder(list[Raw])


class Flight(Struct):
    """Blocks up to `last` that are on their way in so many records."""

    last: int
    objects: int
    records: int


class Sender:
    """A thread that empties a spool.

    Parameters
    ----------
    topic
        Where everything goes; each object to its domain's `telemetry.*` when None.
    linger_s
        How long the first object waits for others to share its record.
    acknowledged
        Is called with how many objects Kafka has acknowledged.
    """

    def __init__(
        self,
        site: str,
        topic: str | None,
        settings: Settings,
        spool: Spool,
        linger_s: float,
        acknowledged: Callable[[int], object],
    ) -> None:
        self._key, self._topic, self._spool = site.encode(), topic, spool
        self._linger_s, self._acknowledged = linger_s, acknowledged
        self._config = librdkafka_config(settings, **RELIABLE, error_cb=self._complain)
        self._where = f"Kafka at {settings.brokers}"
        self._flights: deque[Flight] = deque()
        self._refused: Any = None
        self._since: float | None = None
        self._swept = 0.0
        self._stopping = False
        self.problem = "not yet connected"
        """Why Kafka takes nothing at the moment; empty when it does."""
        self._told: set[object] = set()
        self.failure: BaseException | None = None
        """What has ended the thread, though nothing should."""
        self.news = Event()
        """To be set when the spool has more."""
        self._thread = Thread(target=self._run, name="sender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End soon; what is not acknowledged stays in the spool."""
        self._stopping = True
        self.news.set()
        self._thread.join()

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping:
            done = self._spool.done
            try:
                self._send_until_refused()
            except SpoolError as error:
                self._tell(f"gets nothing: {error}", "spool")
            except BaseException as error:
                self.failure = error
                raise
            pause = FIRST_PAUSE_S if self._spool.done > done else min(2 * pause, LONGEST_PAUSE_S)
            end = time.monotonic() + pause
            while not self._stopping and time.monotonic() < end:
                time.sleep(0.05)

    def _send_until_refused(self) -> None:
        self._spool.take_back()
        self._flights.clear()
        self._refused = None
        producer = Producer(self._config)
        try:
            while not self._stopping and self._refused is None:
                self._turn(producer)
            producer.purge()
            producer.flush(5.0)
        except KafkaException as error:  # librdkafka's own verdict that the client is beyond use
            self._refuse(error.args[0])

    def _turn(self, producer: Any) -> None:
        waiting, now = self._spool.waiting, time.monotonic()
        if waiting and self._since is None:
            self._since = now
        left = self._linger_s - (now - self._since) if self._since is not None else self._linger_s
        if self._spool.held < WINDOW and (waiting >= RECORD_OBJECTS or (waiting and left <= 0)):
            self._hand_over(producer)
            self._since = None
            producer.poll(0)
        elif self._flights:
            producer.poll(max(0.001, min(left, 0.05)) if waiting else 0.02)
        else:
            self.news.wait(max(left, 0.001) if waiting else 0.5)
            self.news.clear()
            producer.poll(0)
        if self._flights_done and (now - self._swept > SWEEP_S or self._spool.held >= WINDOW // 2):
            self._spool.sweep()
            self._swept = now

    @property
    def _flights_done(self) -> bool:
        return self._spool.held > sum(flight.objects for flight in self._flights)

    def _hand_over(self, producer: Any) -> None:
        for parcel in _parcels(self._spool.take(WINDOW - self._spool.held)):
            records = list(self._records(parcel))
            flight = Flight(parcel[-1].id, sum(len(block.ranks) for block in parcel), len(records))
            self._flights.append(flight)
            report = self._reporter(flight)
            for topic, value in records:
                try:
                    producer.produce(topic, value, self._key, on_delivery=report)
                except KafkaException as error:
                    self._refuse(error.args[0])
                    return

    def _records(self, parcel: list[Block]) -> Iterator[tuple[str, bytes]]:
        body = b",".join(block.body for block in parcel)
        ranks = b"".join(block.ranks for block in parcel)
        if self._topic or len(set(ranks)) == 1:
            yield self._topic or NAMES[ranks[0]], body if len(ranks) == 1 else b"[%b]" % body
            return
        raws = _elements.decode(b"[%b]" % body)
        for rank in sorted(set(ranks)):
            own = [raw for raw, of in zip(raws, ranks, strict=True) if of == rank]
            yield NAMES[rank], bytes(own[0]) if len(own) == 1 else b"[%b]" % b",".join(own)

    def _reporter(self, flight: Flight) -> Callable[[Any, Any], None]:
        def report(error: Any, _: Any) -> None:
            if error is not None:
                self._refuse(error)
                return
            flight.records -= 1
            while self._flights and not self._flights[0].records:
                landed = self._flights.popleft()
                self._spool.acknowledge(landed.last, landed.objects)
                self._acknowledged(landed.objects)
                self._tell("")

        return report

    def _refuse(self, error: Any) -> None:
        """Give up this client; another one begins again with the oldest object that is not acknowledged."""
        if self._refused is None and not self._stopping:
            self._refused = error
            self._tell(f"refuses what is sent: {error.str()}", "refused")

    def _complain(self, error: Any) -> None:
        self._tell(str(error.str()), error.code())
        if error.fatal():
            self._refuse(error)

    def _tell(self, problem: str, sort: object = None) -> None:
        """Log what is new: each sort of problem once, until all is well again."""
        if not problem and self.problem:
            log.info("%s takes what is sent", self._where)
            self._told.clear()
        elif problem and sort not in self._told:
            log.warning("%s: %s; %d objects wait", self._where, problem, self._spool.count)
            self._told.add(sort)
        self.problem = problem


def _parcels(blocks: list[Block]) -> Iterator[list[Block]]:
    """Put blocks together that fit into one record."""
    parcel: list[Block] = []
    objects = size = 0
    for block in blocks:
        if parcel and (objects + len(block.ranks) > RECORD_OBJECTS or size + len(block.body) > RECORD_BYTES):
            yield parcel
            parcel, objects, size = [], 0, 0
        parcel.append(block)
        objects += len(block.ranks)
        size += len(block.body)
    if parcel:
        yield parcel
