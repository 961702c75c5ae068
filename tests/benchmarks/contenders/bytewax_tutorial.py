"""Bytewax as its tutorials have it: keyed by device, a stateful map, the models in its recovery store."""

from tempfile import mkdtemp
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSink, run_main

from streams.settings import Settings
from streams.worker.clock import TELEMETRY
from tests.benchmarks.contenders.tutorial import judge, make, told
from tests.benchmarks.race import Race


def run(settings: Settings, race: Race) -> None:
    def read(message: Any) -> dict[str, Any] | None:
        race.start()
        event = told(message.value)
        if event is None:
            race.count(1)
        return event

    def watch(model: Any, event: dict[str, Any]) -> tuple[Any, bool]:
        model = model or make()
        found = judge(model, event)
        race.count(1)
        return model, found

    flow = Dataflow("tutorial")
    source = op.input("telemetry", flow, KafkaSource([settings.brokers], list(TELEMETRY), tail=True))
    events = op.filter_map("read", source, read)
    keyed = op.key_on("device", events, lambda event: f"{event.get('site')}/{event['device']}")
    judged = op.stateful_map("watch", keyed, watch)
    op.output("findings", op.filter("notable", judged, lambda found: found[1]), TestingSink([]))
    folder = mkdtemp()
    init_db_dir(folder, 1)
    race.ready()
    run_main(flow, recovery_config=RecoveryConfig(folder))
