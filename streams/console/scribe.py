"""Writes what people do to the control topics; what Kafka has acknowledged is in the audit trail."""

import asyncio
from threading import Lock
from typing import Any

from confluent_kafka import KafkaException, Producer
from msgspec import json

from streams import metrics
from streams.settings import Settings, librdkafka_config
from streams.telemetry import control
from streams.telemetry.control import Action, Maintenance, Verdict

PATIENCE_S = 5.0
"""How long Kafka may take to acknowledge."""
WHERE: dict[type, tuple[str, str]] = {
    Action: (control.ACTIONS, "site"),
    Verdict: (control.VERDICTS, "site"),
    Maintenance: (control.MAINTENANCE, "id"),
}
"""Topic of each record, and the field that is its key."""


class ScribeError(Exception):
    """Kafka did not take it: whoever did it has to be told that nothing happened."""


class Scribe:
    """One producer."""

    def __init__(self, settings: Settings) -> None:
        given: dict[str, Any] = {
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "message.timeout.ms": int(PATIENCE_S * 1000),
        }
        self._producer = Producer(librdkafka_config(settings, log_level=0, **given))
        self._lock = Lock()

    async def write(self, record: Action | Verdict | Maintenance) -> None:
        """Write one record, and return once it is kept. Raises `ScribeError`."""
        topic, field = WHERE[type(record)]
        await asyncio.to_thread(self._write, topic, str(getattr(record, field)), json.encode(record))
        metrics.CONSOLE_ACTIONS.labels(record.action if isinstance(record, Action) else _KINDS[type(record)]).inc()

    def _write(self, topic: str, key: str, value: bytes) -> None:
        outcome: list[str] = []

        def told(error: Any, _: Any) -> None:
            outcome.append("" if error is None else error.str())

        with self._lock:
            try:
                self._producer.produce(topic, value, key, on_delivery=told)
                self._producer.flush(PATIENCE_S + 1.0)
            except (KafkaException, BufferError) as error:
                raise ScribeError(str(error)) from error
        if outcome != [""]:
            raise ScribeError(outcome[0] if outcome else "no answer in time")


_KINDS = {Verdict: "verdict", Maintenance: "silence"}
