"""Quix Streams around the same core: a dataframe a topic, bytes in, the core called for a thousand at a time."""

from collections.abc import Callable
from tempfile import mkdtemp
from typing import Any

from quixstreams import Application
from quixstreams.context import message_context

from streams.settings import Settings
from streams.worker.clock import TELEMETRY
from tests.benchmarks.race import Gather, Outlet, Race, decoded

AT_ONCE = 1024


def application(settings: Settings, auto_create_topics: bool = True) -> Application:
    return Application(
        settings.brokers,
        consumer_group=settings.group,
        auto_offset_reset="earliest",
        loglevel="ERROR",
        state_dir=mkdtemp(prefix="tocsin-race-"),
        auto_create_topics=auto_create_topics,
    )


def run(settings: Settings, race: Race) -> None:
    app, outlet = application(settings, auto_create_topics=False), Outlet(settings.brokers)
    gathers: dict[int, Gather] = {}

    def step(topic: str) -> Callable[[Any, Any, int, Any], None]:
        domain = topic.removeprefix("telemetry.")

        def take(value: bytes, key: bytes, timestamp: int, headers: object) -> None:
            race.start()
            partition = message_context().partition
            gather = gathers.get(partition)
            if gather is None:
                gather = gathers[partition] = Gather(race, partition)
            stamp = timestamp / 1000
            taken = decoded(domain, ((key, value, stamp),))
            gather.add(topic, 1, stamp, taken)
            if gather.fresh >= AT_ONCE or not gather.left[topic]:
                outlet.publish(gather.advance())

        return take

    for topic in TELEMETRY:
        source = app.topic(topic, key_deserializer="bytes", value_deserializer="bytes")
        app.dataframe(source).update(step(topic), metadata=True)
    race.ready()
    app.run()
