"""From the gate into `telemetry.*` and `dead-letters`: many objects a record, each acknowledged."""

from functools import partial
from typing import Any

from confluent_kafka import KafkaException, Producer

from streams.settings import Settings, librdkafka_config
from streams.telemetry.refusal import Refusal

RECORD_OBJECTS = 500
RECORD_BYTES = 256 << 10
PATIENCE_S = 60
DEAD_LETTERS = "dead-letters"


class ForwardError(Exception):
    """Kafka did not take what was to be forwarded."""


class _Batch:
    """Objects of one site and domain that will share a record."""

    __slots__ = ("arrival", "bodies", "count", "size")

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.count = self.size = 0
        self.arrival = 0.0


class Wave:
    """Records that were sent together."""

    __slots__ = ("outstanding",)

    def __init__(self) -> None:
        self.outstanding = 0


class Forward:
    """An idempotent producer that gathers; nothing counts as forwarded before `settle` returns."""

    def __init__(self, settings: Settings) -> None:
        self._batches: dict[tuple[str, str], _Batch] = {}
        self._wave = Wave()
        self._failed: Any = None
        self._producer = Producer(
            librdkafka_config(
                settings,
                **{
                    "enable.idempotence": True,
                    "acks": "all",
                    "message.timeout.ms": PATIENCE_S * 1000,
                    "partitioner": "murmur2",
                    "linger.ms": 0,
                    "compression.type": "lz4",
                    "message.max.bytes": 8 << 20,
                    "queue.buffering.max.messages": 100_000,
                    "log_level": 0,
                },
            )
        )

    def add(self, site: str, domain: str, body: bytes, count: int, arrival: float) -> None:
        """Take objects: their JSON with commas between them, how many, and when they arrived (unix seconds)."""
        batch = self._batches.get((site, domain))
        if batch is None:
            batch = self._batches[site, domain] = _Batch()
        elif batch.count + count > RECORD_OBJECTS or batch.size + len(body) > RECORD_BYTES:
            self._send(site, domain, batch)
            batch = self._batches[site, domain] = _Batch()
        batch.bodies.append(body)
        batch.count += count
        batch.size += len(body) + 1
        batch.arrival = arrival

    def bury(self, site: str, refusal: Refusal, topic: str, partition: int, offset: int) -> None:
        """Send a refused object to the dead letters, untouched, with whose it is and what is wrong with it."""
        said = {
            "reason": refusal.reason,
            "field": refusal.field,
            "topic": topic,
            "partition": str(partition),
            "offset": str(offset),
            "principal": site,
        }
        headers = [(name, text.encode()) for name, text in said.items()]
        self._produce(DEAD_LETTERS, value=refusal.raw, key=site.encode(), headers=headers)

    def close(self) -> Wave:
        """Send what has gathered; everything since the last call is on its way together."""
        for (site, domain), batch in self._batches.items():
            self._send(site, domain, batch)
        self._batches.clear()
        wave, self._wave = self._wave, Wave()
        return wave

    def settle(self, wave: Wave) -> None:
        """Wait until Kafka has all of a wave.

        Raises
        ------
        ForwardError
            It does not take something, or not within a minute.
        """
        while wave.outstanding and self._failed is None:
            self._producer.poll(0.1)
        if self._failed is not None:
            raise ForwardError(f"Kafka did not take what the gate forwards: {self._failed.str()}")

    def _send(self, site: str, domain: str, batch: _Batch) -> None:
        value = batch.bodies[0] if batch.count == 1 else b"[%b]" % b",".join(batch.bodies)
        stamp = round(batch.arrival * 1000)
        self._produce(f"telemetry.{domain}", value=value, key=site.encode(), timestamp=stamp)

    def _produce(self, topic: str, **record: Any) -> None:
        wave = self._wave
        wave.outstanding += 1
        while True:
            try:
                self._producer.produce(topic, on_delivery=partial(self._report, wave), **record)
                self._producer.poll(0)
                return
            except BufferError:
                self._producer.poll(0.05)
            except KafkaException as error:
                raise ForwardError(f"{topic}: {error.args[0].str()}") from error

    def _report(self, wave: Wave, error: Any, _: Any) -> None:
        wave.outstanding -= 1
        if error is not None:
            self._failed = self._failed or error
