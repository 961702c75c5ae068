"""Bytewax around the same core: the batches of the source go through one step as they are; nothing is recovered."""

from collections.abc import Iterable
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, run_main

from streams.settings import Settings
from streams.worker.clock import TELEMETRY
from tests.benchmarks.race import Gather, Outlet, Race, decoded

BATCH = 4096


def run(settings: Settings, race: Race) -> None:
    outlet = Outlet(settings.brokers)
    gathers: dict[int, Gather] = {}

    def step(messages: list[Any]) -> Iterable[None]:
        race.start()
        batches: dict[tuple[int, str], list[Any]] = {}
        for message in messages:
            told = message.key, message.value, message.timestamp[1] / 1000
            batches.setdefault((message.partition, message.topic), []).append(told)
        for (partition, topic), batch in batches.items():
            if partition not in gathers:
                gathers[partition] = Gather(race, partition)
            taken = decoded(topic.removeprefix("telemetry."), batch)
            gathers[partition].add(topic, len(batch), batch[-1][2], taken)
            outlet.publish(gathers[partition].advance())
        return ()

    flow = Dataflow("race")
    source = op.input("telemetry", flow, KafkaSource([settings.brokers], list(TELEMETRY), tail=True, batch_size=BATCH))
    op.output("nothing", op.flat_map_batch("core", source, step), TestingSink([]))
    race.ready()
    run_main(flow)
