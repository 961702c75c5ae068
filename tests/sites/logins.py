"""Log-ins on a secure cluster: commands as its administrator runs them, and what one may do with whose credentials."""

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from msgspec.structs import replace

from streams.local.kafka import Cluster
from streams.settings import Settings, librdkafka_config
from tests.worker.road import until

ROOT = Path(__file__).parents[2]
A, B = "FR-93-ALPHA", "FR-94-BRAVO"
DENIED = {"TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"}


def tocsin(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | environment, timeout=90)


def credentials(folder: Path) -> Settings:
    """What a site reads from its folder."""
    told = tomllib.loads((folder / "site.toml").read_text())["kafka"]
    assert (told["mechanism"], told["tls"]) == ("SCRAM-SHA-512", True)
    return Settings(
        brokers=told["brokers"],
        security_protocol="SASL_SSL",
        sasl_username=told["username"],
        sasl_password=(folder / told["password_file"]).read_text(),
        ca_file=str(folder / told["ca_file"]),
    )


def own(secure: Cluster, environment: dict[str, str]) -> Settings:
    """Log in as one of the platform's processes does."""
    password = Path(environment["TOCSIN_SASL_PASSWORD_FILE"]).read_text()
    return replace(
        secure.settings,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username=environment["TOCSIN_SASL_USERNAME"],
        sasl_password=password,
    )


def produce(settings: Settings, topic: str, key: str, value: bytes = b"{}") -> str:
    """Try to write a record; answer the error's name."""
    told: list[Any] = []
    config = {"message.timeout.ms": 8000, "log_level": 0, "topic.metadata.propagation.max.ms": 1000}
    producer = Producer(librdkafka_config(settings, **config))
    producer.produce(topic, value, key, on_delivery=lambda error, _: told.append(error))
    producer.flush(15)
    return str(told[0].name()) if told and told[0] is not None else ""


def consume(settings: Settings, topic: str, group: str) -> str:
    """Try to read a topic; answer the error's name."""
    config = {"group.id": group, "auto.offset.reset": "earliest", "log_level": 0}
    consumer = Consumer(librdkafka_config(settings, **config))
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            record = consumer.poll(0.5)
            if record is not None:
                error = record.error()
                return str(error.name()) if error else ""
    finally:
        consumer.close()
    return "nothing"


def administer(settings: Settings, act: Callable[[AdminClient], Any]) -> str:
    client = AdminClient(librdkafka_config(settings, log_level=0))
    try:
        answer = act(client)
        for one in answer.values() if isinstance(answer, dict) else [answer]:
            one.result(15)
    except KafkaException as error:
        return str(error.args[0].name())
    return ""


def read_as(settings: Settings, topic: str, count: int) -> list[Any]:
    consumer = Consumer(librdkafka_config(settings, **{"group.id": "test", "log_level": 0}))
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found: list[Any] = []

    def enough() -> bool:
        found.extend(consumer.consume(100, 0.5))
        return len(found) >= count

    until(enough, f"{count} records of {topic}")
    consumer.close()
    return found
