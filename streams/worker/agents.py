"""One Faust agent a domain, which decodes, and one for the clock. They only decode and hand on."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from faust.serializers.schemas import Schema
from faust.types import Message, StreamT

from streams.telemetry.decode import LANES, Arrival
from streams.telemetry.refusal import Refusal
from streams.worker import gauges
from streams.worker.clock import CLOCK
from streams.worker.clock import decode as decode_ticks
from streams.worker.core import Fatal
from streams.worker.fetch import App, Batch
from streams.worker.publisher import DEAD_LETTERS
from streams.worker.runner import Runner
from streams.worker.strand import Chunk

log = logging.getLogger("tocsin.worker")

Find = Callable[[int], Runner | None]
"""The runner of a partition, if it is ours."""


class Refused(NamedTuple):
    """An object that goes to `dead-letters`, and where it was."""

    offset: int
    key: bytes | None
    refusal: Refusal


class Untouched(Schema[Any, Any]):
    """Hands a batch through as it is: bytes in, bytes out."""

    def loads_key(self, app: Any, message: Message, **options: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Message, **options: Any) -> Any:
        return message.value


def chunk(domain: str, records: list[Any]) -> tuple[Chunk, list[Refused]]:
    """Decode a batch: what is valid, and what is refused."""
    lane = LANES[domain]
    take = lane.take
    arrivals: list[Arrival] = []
    tags: list[int] = []
    refused: list[Refused] = []
    for record in records:
        key, value, offset, at = record.key, record.value, record.offset, record.timestamp / 1000
        arrival = take(key, value, at)
        if arrival is not None:
            arrivals.append(arrival)
            tags.append(offset)
            continue
        for verdict in lane.judge(key, value, at):
            if isinstance(verdict, Refusal):
                refused.append(Refused(offset, key, verdict))
            else:
                arrivals.append(verdict)
                tags.append(offset)
    offsets = [record.offset for record in records]
    stamps = [record.timestamp for record in records]
    size = sum([len(record.value or b"") for record in records])
    return Chunk(offsets, stamps, size, arrivals, tags), refused


async def bury(runner: Runner, topic: str, refused: list[Refused]) -> None:
    """Send what was refused to `dead-letters`, untouched, with where it was and what is wrong with it."""
    for offset, key, refusal in refused:
        where = {"topic": topic, "partition": str(runner.partition), "offset": str(offset), "principal": ""}
        said = {"reason": refusal.reason, "field": refusal.field, **where}
        await runner.outbox.send(DEAD_LETTERS, key, refusal.raw, headers=[(k, v.encode()) for k, v in said.items()])
        await runner.outbox.room()


def domain_agent(app: App, topic: str, find: Find, urgent: Callable[[], None]) -> None:
    """Declare the agent of one telemetry topic."""
    domain = topic.removeprefix("telemetry.")

    async def decode_batches(batches: StreamT[Batch]) -> None:
        event: Any
        async for event in batches.events():
            with Fatal(f"a batch of {topic} could not be handled"):
                batch: Batch = event.value
                runner = find(event.message.partition)
                if runner is None:
                    continue
                read, refused = chunk(domain, batch.records)
                gauges.read(domain, read.arrivals, [one.refusal for one in refused])
                # The dead letters go first: what a cut has passed, a checkpoint waits to be sent.
                await bury(runner, topic, refused)
                runner.lane.receive(topic, read, batch.position, batch.highwater)
                runner.wake.set()
                if runner.lane.pressing:
                    urgent()

    app.agent(app.topic(topic, schema=Untouched(), acks=False), name=f"tocsin.{domain}")(decode_batches)


def clock_agent(app: App, find: Find) -> None:
    """Declare the agent that hands the ticks to the lanes."""

    async def read_ticks(batches: StreamT[Batch]) -> None:
        event: Any
        async for event in batches.events():
            with Fatal(f"a batch of {CLOCK} could not be handled"):
                runner = find(event.message.partition)
                if runner is not None:
                    hand_ticks(runner, event.value)

    app.agent(app.topic(CLOCK, schema=Untouched(), acks=False), name="tocsin.clock")(read_ticks)


def hand_ticks(runner: Runner, batch: Batch) -> None:
    """Give a lane its ticks; each with the offset from which the clock would be read on after it."""
    for record in batch.records:
        try:
            ticks = decode_ticks(record.value)
        except msgspec.MsgspecError as error:
            log.error("%s/%d has no tick at offset %d: %s", CLOCK, runner.partition, record.offset, error)
            continue
        for index, tick in enumerate(ticks, 1):
            runner.lane.tick(tick, record.offset + (index == len(ticks)))
        if runner.asked:
            runner.asked.popleft()
    runner.lane.clocked(batch.position)
    runner.wake.set()
