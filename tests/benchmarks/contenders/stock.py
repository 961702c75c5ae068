"""The agents that Faust's documentation would have one write: event by event."""

import asyncio
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import faust

from streams.settings import Settings
from streams.telemetry.decode import decode
from streams.worker.clock import TELEMETRY
from tests.benchmarks.race import Outlet, Race, RacingShard


def run(settings: Settings, race: Race) -> None:
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
    outlet = Outlet(settings.brokers)

    def declare(topic: str) -> None:
        domain = topic.removeprefix("telemetry.")

        async def agent(stream: Any) -> None:
            async for event in stream.events():
                race.start()
                message = event.message
                taken, _ = decode(domain, message.key, message.value, message.timestamp)
                if message.partition not in shards:
                    shards[message.partition] = race.core()
                outlet.publish(shards[message.partition].advance(message.timestamp, taken, []))

        app.agent(app.topic(topic, value_type=bytes, value_serializer="raw", key_type=bytes), name=domain)(agent)

    for topic in TELEMETRY:
        declare(topic)

    async def main() -> None:
        await app.start()
        await asyncio.Event().wait()

    race.ready()
    asyncio.run(main())
