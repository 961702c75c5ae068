"""Reads what a shift left in the topics."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from streams.incidents.frozen import UnreadableError
from streams.incidents.model import Finding, Incident
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.offsets import offsets_at
from streams.report.shift import Records
from streams.settings import Settings, librdkafka_config
from streams.telemetry.control import VERDICTS, Verdict, is_drill
from streams.worker.memory import read as read_memory

PATIENCE = 30.0
"""Seconds that Kafka has to answer."""
_incident = msgspec.json.Decoder(Incident).decode
_finding = msgspec.json.Decoder(Finding).decode
_verdict = msgspec.json.Decoder(Verdict).decode


class ReadError(Exception):
    """The topics can't be read; the message says what to do."""


def read(settings: Settings, since: datetime, until: datetime) -> Records:
    """Read a shift. Raises `ReadError` and `TopicsError`."""
    devices = _devices(settings)
    config = {"group.id": "tocsin-report", "enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0}
    consumer = Consumer(librdkafka_config(settings, **config))
    try:
        incidents = [_incident(record.value()) for record in _records(consumer, "incidents", None) if record.value()]
        incidents.sort(key=lambda incident: incident.revision)
        verdicts = [_verdict(record.value()) for record in _records(consumer, VERDICTS, since) if record.value()]
        verdicts.sort(key=lambda verdict: verdict.time)
        findings = [_finding(record.value()) for record in _records(consumer, "findings", since)]
        letters = Counter(_reason(record) for record in _records(consumer, "dead-letters", since))
    except msgspec.MsgspecError as error:
        raise ReadError(f"a topic holds what is no record of the platform: {error}") from error
    except KafkaException as error:
        raise ReadError(f"Kafka does not answer at {settings.brokers}: {error.args[0].str()}") from error
    finally:
        consumer.close()
    return Records(
        incidents={incident.id: incident for incident in incidents if incident.drill is None},
        findings=[one for one in findings if since <= one.time <= until and not is_drill(one.site)],
        verdicts={verdict.incident: verdict.verdict for verdict in verdicts if since <= verdict.time <= until},
        dead_letters=letters,
        devices=devices,
    )


def _devices(settings: Settings) -> dict[str, tuple[int, int]]:
    """Count each site's live and known devices, as the workers' last snapshots know them."""
    found: dict[str, tuple[int, int]] = {}
    for kept in read_memory(settings):
        if is_drill(kept.site):
            continue
        shard = Shard(Registry())
        try:
            shard.thaw(kept.site, kept.blob)
        except UnreadableError:
            continue  # of another version: its worker sets it aside and says so
        watch = shard.watch(kept.site)
        counts = list(watch.coverage().values()) if watch is not None else []
        found[kept.site] = sum(live for live, _ in counts), sum(known for _, known in counts)
    return found


def _reason(record: Any) -> str:
    """Say why a record was refused, without what it was that came instead."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers() or ()}
    return f"{headers.get('topic', '?')}: {headers.get('reason', '?').partition(', got ')[0]}"


def _records(consumer: Any, topic: str, since: datetime | None) -> Iterator[Any]:
    """Read a topic to its present end, from a moment on or whole."""
    found = consumer.list_topics(topic, timeout=PATIENCE).topics[topic]
    if found.error is not None or not found.partitions:
        raise ReadError(f"there is no topic {topic!r}: run `tocsin topics`")
    starts = [TopicPartition(topic, number, OFFSET_BEGINNING) for number in found.partitions]
    if since is not None:
        asked = [TopicPartition(topic, number, int(since.timestamp() * 1000)) for number in found.partitions]
        starts = [at for at in offsets_at(consumer, asked, PATIENCE) if at.offset >= 0]
    waiting = {at.partition for at in starts}
    consumer.assign(starts)
    while waiting:
        message = consumer.poll(PATIENCE)
        if message is None:
            raise ReadError(f"Kafka does not answer while {topic!r} is read")
        error = message.error()
        if error is None:
            yield message
        elif error.name() == "_PARTITION_EOF":
            waiting.discard(message.partition())
        elif not error.retriable():
            raise ReadError(f"{topic!r} can't be read: {error.str()}")
