"""What every lane needs of all topics of one partition, from the beginning, by offset: control records and facts."""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any, NamedTuple

import msgspec

from streams.incidents.facts import LONGEST_S
from streams.incidents.model import Fact
from streams.settings import Settings
from streams.telemetry.control import Control
from streams.telemetry.decode import decode_control
from streams.telemetry.decode_control import KEPT
from streams.telemetry.refusal import Refusal
from streams.worker.clock import CONTROLS, FACTS, Mark, decode_fact
from streams.worker.exchange import Exchange
from streams.worker.kafka import reader, tail
from streams.worker.lane import OLDEST

log = logging.getLogger("tocsin.worker")

TOPICS = (*CONTROLS, FACTS)
SUPERSEDED_KEPT = 86_400.0
"""Seconds for which a control record is kept although a later one replaces it; the topics are made likewise."""
ACTED_KEPT = OLDEST
"""Seconds for which what people did is kept: no backlog goes further back."""
SLACK = 10_000
"""How many superseded records of a topic make it worth while to look for them."""
SPARE = 4096
"""Facts that are out of date before they are dropped."""
Refused = Callable[[str, int, bytes | None, Refusal], Any]
"""Called with topic, offset, key and why a control record is no use."""


class Entry(NamedTuple):
    """A control record, under which key and when (Kafka's clock, Unix seconds) it was said."""

    record: Control
    key: bytes | None
    time: float


class Controls:
    """What these topics held, in memory; lanes take what lies between two of their cuts.

    Like the topics themselves it is compacted: of a key's records only the last is kept, and those of the last day, so
    that what is read again is answered as it was. What people did is kept for two weeks, facts for as long as anybody
    asks for them.

    Parameters
    ----------
    exchange
        Where facts go in a played recording, whose cuts do not name them.
    """

    def __init__(self, exchange: Exchange | None = None) -> None:
        self.exchange = exchange
        self.ends = dict.fromkeys(TOPICS, 0)
        self.ready = asyncio.Event()
        self.moved: Callable[[], None] = lambda: None
        self._offsets: dict[str, list[int]] = {topic: [] for topic in TOPICS}
        self._records: dict[str, list[Entry]] = {topic: [] for topic in TOPICS}
        self._full = dict.fromkeys(CONTROLS, SLACK)

    def add(self, topic: str, offset: int, record: Control, key: bytes | None = None, time: float = 0.0) -> None:
        """Append one decoded record."""
        self._offsets[topic].append(offset)
        self._records[topic].append(Entry(record, key, time))
        if len(self._offsets[topic]) >= self._full.get(topic, inf):
            self._compact(topic, time)

    def _compact(self, topic: str, now: float) -> None:
        """Drop what a later record of its key replaced a day ago, and what people did long ago."""
        offsets, entries = self._offsets[topic], self._records[topic]
        since = now - (ACTED_KEPT if topic in KEPT else SUPERSEDED_KEPT)
        last = {entry.key: index for index, entry in enumerate(entries)} if topic not in KEPT else {}
        kept = [n for n, one in enumerate(entries) if last.get(one.key) == n or one.time > since or one.key is None]
        self._offsets[topic], self._records[topic] = [offsets[n] for n in kept], [entries[n] for n in kept]
        self._full[topic] = 2 * len(kept) + SLACK

    def between(self, since: Mapping[str, int], ends: Mapping[str, int]) -> list[Control]:
        """List the records from one cut to another: topic by topic, in the order of their offsets."""
        found: list[Control] = []
        for topic, offsets in self._offsets.items():
            first, last = since.get(topic, 0), ends.get(topic, 0)
            if last > first:
                entries = self._records[topic][bisect_left(offsets, first) : bisect_left(offsets, last)]
                found += [entry.record for entry in entries]
        return found

    def _hear(self, records: Iterable[Any]) -> None:
        for record in records:
            try:
                heard = decode_fact(record.value)
            except msgspec.MsgspecError as error:
                log.error("%s has no fact at offset %d: %s", FACTS, record.offset, error)
                continue
            if self.exchange is not None:
                self.exchange.hear(heard)
            elif not isinstance(heard, Mark):
                self.add(FACTS, record.offset, heard)
                self._forget(heard.clock - LONGEST_S)

    def _forget(self, oldest: float) -> None:
        """Drop facts that were noticed before a moment and are asked for no more."""
        facts = self._records[FACTS]
        if len(facts) > SPARE and all(
            isinstance(one.record, Fact) and one.record.clock < oldest for one in facts[:SPARE]
        ):
            del facts[:SPARE], self._offsets[FACTS][:SPARE]

    async def follow(self, settings: Settings, refused: Refused) -> None:
        """Read the topics for ever; `ready` is set when what was there at the start is here."""
        async with reader(settings, [(topic, 0) for topic in TOPICS]) as consumer:
            until = await tail(consumer)
            while True:
                for tp in consumer.assignment():
                    self.ends[tp.topic] = await consumer.position(tp)
                self.moved()
                if all(self.ends[tp.topic] >= end for tp, end in until.items()):
                    self.ready.set()
                for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                    if tp.topic == FACTS:
                        self._hear(records)
                        continue
                    for record in records:
                        decoded = decode_control(tp.topic, record.key, record.value)
                        if isinstance(decoded, Refusal):
                            await refused(tp.topic, record.offset, record.key, decoded)
                        elif decoded is not None:
                            self.add(tp.topic, record.offset, decoded, record.key, record.timestamp / 1000)
