"""The control topics as every lane needs them: all of them, from the beginning, by offset."""

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from streams.settings import Settings
from streams.telemetry.control import Control
from streams.telemetry.decode import decode_control
from streams.telemetry.refusal import Refusal
from streams.worker.clock import CONTROLS
from streams.worker.kafka import reader, tail

log = logging.getLogger("tocsin.worker")

Refused = Callable[[str, int, bytes | None, Refusal], Any]
"""Called with topic, offset, key and why a control record is no use."""


class Controls:
    """What the control topics held, in memory; lanes take what lies between two of their cuts."""

    def __init__(self) -> None:
        self.ends = dict.fromkeys(CONTROLS, 0)
        self.ready = asyncio.Event()
        self.moved: Callable[[], None] = lambda: None
        self._offsets: dict[str, list[int]] = {topic: [] for topic in CONTROLS}
        self._records: dict[str, list[Control]] = {topic: [] for topic in CONTROLS}

    def add(self, topic: str, offset: int, record: Control) -> None:
        """Append one decoded record."""
        self._offsets[topic].append(offset)
        self._records[topic].append(record)

    def between(self, since: Mapping[str, int], ends: Mapping[str, int]) -> list[Control]:
        """List the records from one cut to another: topic by topic, in the order of their offsets."""
        found: list[Control] = []
        for topic, offsets in self._offsets.items():
            first, last = since.get(topic, 0), ends.get(topic, 0)
            if last > first:
                found += self._records[topic][bisect_left(offsets, first) : bisect_left(offsets, last)]
        return found

    async def follow(self, settings: Settings, refused: Refused) -> None:
        """Read the control topics for ever; `ready` is set when what was there at the start is here."""
        async with reader(settings, [(topic, 0) for topic in CONTROLS]) as consumer:
            until = await tail(consumer)
            while True:
                for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        decoded = decode_control(tp.topic, record.key, record.value)
                        if isinstance(decoded, Refusal):
                            await refused(tp.topic, record.offset, record.key, decoded)
                        elif decoded is not None:
                            self.add(tp.topic, record.offset, decoded)
                for tp in consumer.assignment():
                    self.ends[tp.topic] = await consumer.position(tp)
                self.moved()
                if all(self.ends[tp.topic] >= end for tp, end in until.items()):
                    self.ready.set()
