"""The ledger: reads what the platform reads and says, and seals it, each site into its own hash chain.

What is sealed: the bytes of every record of telemetry, as it arrived; every finding, incident and command; everything
that people say on `control.*`. What belongs to no site (goods, watch lists) is sealed in the chain `platform`.

What is kept beside the seals: whole, all that was found, decided and done; of telemetry a hash of 32 bytes a record, so
that any record that someone still has can be proved at any time, some 1/10 of what telemetry weighs; and telemetry
itself while a site has an incident open, and of the hours before. So a quiet site costs some hundreds of kB a day, and
what an incident leaves does not depend on how long Kafka keeps telemetry.

When: what was found, decided or done within seconds; telemetry alone with the round of all chains, every few minutes,
since a link costs a signature, a place on the topic and some hundred bytes for ever.

Once: a link names the offsets that it holds, so the chain itself says where to go on. A link is on the disk before it
is published, and the ledger publishes after a start what it had no time to. The folder is claimed, and a transactional
producer shuts out a ledger with another folder; one whose folder is behind the topic does not start.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams import metrics
from streams.evidence import heads, resume
from streams.evidence.chain import Chain, Place
from streams.evidence.folder import Folder
from streams.evidence.heads import Head, Heads, Reached
from streams.evidence.keys import private_key, public_hex
from streams.evidence.record import Record
from streams.evidence.topic import Publisher, TopicError, reading
from streams.incidents.model import moment
from streams.settings import Settings
from streams.telemetry.evidence import PLATFORM, TOPIC

log = logging.getLogger("tocsin.ledger")

BATCH = 5000
"""Records that are read at once, at most."""
MOST_RECORDS = 50_000
MOST_BYTES = 64 << 20
"""Records of a chain, and bytes of all, that wait to be sealed, at most."""
MILLISECOND = timedelta(milliseconds=1)


class Ledger:
    """One ledger; `open` before `run`, `close` at the end.

    Attributes
    ----------
    reached
        The next offset to be read of each partition.
    """

    def __init__(self, settings: Settings, folder: Folder) -> None:
        self._settings = settings
        self._key = private_key(settings.ledger_key)
        self._folder = folder
        self._chains: dict[str, Chain] = {}
        self.reached: dict[Place, int] = {}
        self._gone: list[heads.Gone] = []
        self._cluster = ""
        self._grown: set[str] = set()
        self._time = datetime.fromtimestamp(0, UTC)
        self._round = self._urgent = 0.0
        self._size = 0
        self._oldest: float | None = None

    def open(self) -> None:
        """Go on where the folder ends.

        Raises
        ------
        FolderError, TopicError, KeyUnusableError
            It can't, or must not.
        """
        start = resume.resume(self._settings, self._folder, public_hex(self._key))
        self._chains, self.reached, self._gone = start.chains, start.reached, start.gone
        self._cluster, self._time, self._grown = start.cluster, start.time, start.grown
        resume.missing(self._settings, start)  # a ledger that must not go on shuts nobody out
        self._publisher = Publisher(self._settings)
        self._publisher.ends |= start.written
        if lines := resume.missing(self._settings, start):  # again, now that nobody else can write any more
            self._publisher.publish(lines)
        self._consumer = Consumer(reading(self._settings))
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in self.reached.items()])
        self._round = time.monotonic()
        metrics.SEAL_AGE.set_function(self._age)

    def run(self, going: Callable[[], bool]) -> None:
        """Seal for as long as `going` says so, and what has gathered at the end; raises `TopicError`."""
        while going():
            self._take(self._consumer.consume(BATCH, 0.2))
            self._look()
            now = time.monotonic()
            if now - self._round >= self._settings.seal_telemetry_s or self._size > MOST_BYTES:
                self.round()
            elif self._urgent and now - self._urgent >= self._settings.seal_s:
                self._urgent = 0.0
                self._seal(name for name, chain in self._chains.items() if chain.judged)
            else:
                self._seal(name for name, chain in self._chains.items() if chain.count > MOST_RECORDS)
        self.round()

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()

    def round(self) -> None:
        """Seal everything that has gathered, and how far all have come."""
        self._round, self._urgent = time.monotonic(), 0.0
        self._seal(self._chains)
        if not self._grown:
            return
        # In a link of its own: all others can be built anew from Kafka.
        platform = self._chains.setdefault(PLATFORM, Chain(PLATFORM))
        ends = {(TOPIC, partition): end for partition, end in self._publisher.ends.items()}
        told = Heads(
            time=self._tick(),
            cluster=self._cluster,
            heads=[self._head(name) for name in sorted(self._grown - {PLATFORM})],
            reached=[Reached(*place, offset) for place, offset in sorted((self.reached | ends).items())],
            gone=self._gone,
        )
        platform.gather(heads.record(told, platform.next.get((heads.TOPIC, 0), 0)))
        self._seal([PLATFORM])
        self._grown.clear()
        self._gone = []
        self._oldest, self._size = None, 0

    def _head(self, name: str) -> Head:
        chain = self._chains[name]
        return Head(name, chain.number - 1, chain.previous)

    def _take(self, messages: list[Any]) -> None:
        for message in messages:
            error = message.error()
            if error is not None:
                if error.name() == "_PARTITION_EOF":
                    # Past what ends a transaction, too, which is no record.
                    self.reached[message.topic(), message.partition()] = message.offset()
                elif error.fatal() or not error.retriable():
                    raise TopicError(f"Kafka gives nothing more: {error.str()}")
                continue
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            record = Record(topic, partition, offset, message.timestamp()[1], message.key(), message.value())
            self.reached[topic, partition] = offset + 1
            chain = self._chains.get(name := record.chain)
            if chain is None:
                chain = self._chains[name] = Chain(name)
            elif offset < chain.next.get((topic, partition), 0):
                continue  # sealed before a restart
            chain.gather(record)
            self._size += len(record.value or b"")
            self._urgent = self._urgent or (time.monotonic() if chain.judged else 0.0)
        if messages and self._size and self._oldest is None:
            self._oldest = time.monotonic()

    def _seal(self, names: Iterable[str]) -> None:
        """Make these chains' batches links: on the disk first, then on the topic."""
        lines = []
        for name in [name for name in names if self._chains[name].count]:
            chain, shelf = self._chains[name], self._folder.shelf(name)
            waiting = shelf.waiting() if chain.open and chain.whole_from is None else []
            sealed = chain.seal(self._tick(), self._key, int(waiting[0].stem) if waiting else None)
            shelf.file(sealed)
            if sealed.link.until is not None and not chain.open:
                shelf.prune(sealed.link.until.timestamp() - self._settings.keep_before_h * 3600)
            self._grown.add(name)
            lines.append((name, sealed.line))
            metrics.SEALED_LINKS.inc()
            metrics.SEALED_RECORDS.inc(sealed.link.count)
        if lines:
            self._publisher.publish(lines)

    def _tick(self) -> datetime:
        """Tell the time, later than ever before: links are in order by it, whatever a clock does."""
        self._time = max(moment(time.time()), self._time + MILLISECOND)
        return self._time

    def _look(self) -> None:
        """Show how far behind it is."""
        ends = (
            (place, self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)) for place in self.reached
        )
        metrics.LEDGER_LAG.set(sum(max(0, high - self.reached[place]) for place, (_, high) in ends))

    def _age(self) -> float:
        oldest = self._oldest
        return 0.0 if oldest is None else time.monotonic() - oldest
