"""A loop over confluent-kafka's batches: no ticks, nothing saved, nothing committed; what is refused is dropped."""

from typing import Any

from confluent_kafka import Consumer

from streams.settings import Settings
from streams.worker.clock import TELEMETRY
from tests.benchmarks.race import Gather, Outlet, Race, decoded


def run(settings: Settings, race: Race) -> None:
    race.ready()
    consumer = Consumer(
        {"bootstrap.servers": settings.brokers, "group.id": settings.group, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(list(TELEMETRY))
    gathers: dict[int, Gather] = {}
    outlet = Outlet(settings.brokers)
    while True:
        batches: dict[tuple[int, str], list[Any]] = {}
        records: list[Any] = consumer.consume(4096, 0.1)
        for record in records:
            told = record.key(), record.value(), record.timestamp()[1] / 1000
            batches.setdefault((record.partition(), record.topic()), []).append(told)
        if batches:
            race.start()
        for (partition, topic), batch in batches.items():
            if partition not in gathers:
                gathers[partition] = Gather(race, partition)
            taken = decoded(topic.removeprefix("telemetry."), batch)
            gathers[partition].add(topic, len(batch), batch[-1][2], taken)
        for partition in {partition for partition, _ in batches}:
            outlet.publish(gathers[partition].advance())
