"""One contender in one process: `python -m tests.benchmarks.contenders NAME EVENTS`; brokers from the environment."""

import asyncio
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import faust
from confluent_kafka import Consumer

from streams.incidents.backtest import Backtest
from streams.settings import Settings
from streams.telemetry.decode import Arrival, decode, decode_batch
from streams.telemetry.recording import Line
from streams.worker.app import run
from streams.worker.clock import TELEMETRY
from tests.benchmarks.core import Race, RacingShard
from tests.benchmarks.load import LOADED, objects


def road(settings: Settings, race: Race) -> None:
    """Run the worker as it is."""

    def make_core() -> RacingShard:
        race.start()
        return RacingShard(race)

    run(settings, make_core)


def bare(settings: Settings, race: Race) -> None:
    """Loop over confluent-kafka's batches: no ticks, nothing published, nothing saved, nothing committed.

    Its clock is what has arrived of *all* topics of the partition: were it what has arrived of any, most of the load
    would be late to the core, which has an easier time with that.
    """
    consumer = Consumer(
        {"bootstrap.servers": settings.brokers, "group.id": settings.group, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(list(LOADED))
    shards: dict[int, RacingShard] = {}
    newest: dict[int, dict[str, float]] = {}
    waiting: dict[int, list[Arrival]] = {}
    while True:
        batches: dict[tuple[Any, Any], list[Any]] = {}
        for record in consumer.consume(4096, 0.1):
            race.start()
            told = record.key(), record.value(), record.timestamp()[1] / 1000
            batches.setdefault((record.partition(), record.topic()), []).append(told)
        for (partition, topic), batch in batches.items():
            taken = decode_batch(topic.removeprefix("telemetry."), batch, lambda index, refusal: None)
            waiting.setdefault(partition, []).extend(taken)
            newest.setdefault(partition, {})[topic] = batch[-1][2]
        for partition in [number for number in waiting if len(newest[number]) == len(LOADED)]:
            if partition not in shards:
                shards[partition] = RacingShard(race)
            shards[partition].advance(min(newest[partition].values()), waiting.pop(partition), [])


def stock(settings: Settings, race: Race) -> None:
    """Run the agent that Faust's documentation would have one write: event by event."""
    app = faust.App(
        settings.group,
        broker=f"kafka://{settings.brokers}",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        datadir=str(Path(gettempdir(), "tocsin")),
    )
    shards: dict[int, RacingShard] = {}

    def declare(topic: str) -> None:
        domain = topic.removeprefix("telemetry.")

        async def agent(stream: Any) -> None:
            async for event in stream.events():
                race.start()
                message = event.message
                taken, _ = decode(domain, message.key, message.value, message.timestamp)
                if message.partition not in shards:
                    shards[message.partition] = RacingShard(race)
                shards[message.partition].advance(message.timestamp, taken, [])

        app.agent(app.topic(topic, value_type=bytes, value_serializer="raw", key_type=bytes), name=domain)(agent)

    for topic in TELEMETRY:
        declare(topic)

    async def main() -> None:
        await app.start()
        await asyncio.Event().wait()

    asyncio.run(main())


def backtest(settings: Settings, race: Race) -> None:
    """Run the same objects through the backtest, as lines that are already read; no Kafka."""
    lines = [
        (now, Line(topic, site.encode(), value, now, number))
        for number, (topic, site, now, value) in enumerate(objects(race.events), 1)
    ]
    running = Backtest()
    running.shard = RacingShard(race)
    race.start()
    for _ in running.run(lines):
        pass


CONTENDERS: dict[str, Callable[[Settings, Race], None]] = {
    "road": road,
    "bare": bare,
    "stock": stock,
    "backtest": backtest,
}

if __name__ == "__main__":
    logging.basicConfig(level="ERROR")
    CONTENDERS[sys.argv[1]](Settings.from_env(), Race(int(sys.argv[2])))
