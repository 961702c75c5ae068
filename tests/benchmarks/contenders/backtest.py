"""The same records through the backtest, as lines that are already read; Kafka only lends them."""

from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.incidents.backtest import Backtest
from streams.process import collect_seldom
from streams.settings import Settings
from streams.telemetry.recording import Line
from tests.benchmarks.race import Race


def run(settings: Settings, race: Race) -> None:
    lines = sorted(_read(settings.brokers, race), key=lambda timed: timed[0])
    running = Backtest()
    running.shard = race.core()
    collect_seldom()  # as the command does
    race.ready()
    race.start()
    for _ in running.run(lines):
        pass


def _read(brokers: str, race: Race) -> list[tuple[float, Line]]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "backtest", "enable.auto.commit": False})
    consumer.assign(
        [TopicPartition(topic, number, 0) for topic, counts in race.ends.items() for number in range(len(counts))]
    )
    wanted = sum(map(sum, race.ends.values()))
    lines: list[tuple[float, Line]] = []
    while len(lines) < wanted:
        records: list[Any] = consumer.consume(4096, 0.2)
        for record in records:
            at = record.timestamp()[1] / 1000
            lines.append((at, Line(record.topic(), record.key(), record.value(), at, len(lines))))
    consumer.close()
    return lines
