"""Quix Streams as its tutorials have it: a stateful function, the models in its RocksDB store with its changelog."""

import pickle
from typing import Any

from quixstreams import State

from streams.settings import Settings
from streams.worker.clock import TELEMETRY
from tests.benchmarks.contenders.quix import application
from tests.benchmarks.contenders.tutorial import judge, make, told
from tests.benchmarks.race import Race


def run(settings: Settings, race: Race) -> None:
    app = application(settings)
    findings = app.topic("findings", key_serializer="bytes", value_serializer="json")

    def watch(value: bytes, state: State) -> dict[str, Any] | None:
        race.start()
        event = told(value)
        found = None
        if event is not None:
            kept = state.get_bytes(event["device"])
            model = make() if kept is None else pickle.loads(kept)
            if judge(model, event):
                found = event
            state.set_bytes(event["device"], pickle.dumps(model))
        race.count(1)
        return found

    for topic in TELEMETRY:
        source = app.topic(topic, key_deserializer="bytes", value_deserializer="bytes")
        judged = app.dataframe(source).apply(watch, stateful=True)
        judged[judged.apply(lambda found: found is not None)].to_topic(findings)
    race.ready()
    app.run()
