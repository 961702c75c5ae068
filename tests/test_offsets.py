"""A question about offsets is answered although a broker does not lead yet what was made a moment ago."""

from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.offsets import offsets_at, watermarks

PARTITIONS = 40


def made(admin: AdminClient, consumer: Consumer) -> str:
    """Make a topic, and return as soon as the broker has heard of it, which is before it leads its partitions."""
    name = f"t-{uuid4().hex}"
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result(10)
    while name not in consumer.list_topics(timeout=10).topics:
        pass
    return name


def test_a_topic_that_was_just_made_answers(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test-offsets"})
    try:
        for _ in range(3):
            name = made(admin, consumer)
            assert {watermarks(consumer, name, partition, 10) for partition in range(PARTITIONS)} == {(0, 0)}
            name = made(admin, consumer)
            asked = [TopicPartition(name, partition, 1_780_000_000_000) for partition in range(PARTITIONS)]
            assert {at.offset for at in offsets_at(consumer, asked, 10)} == {-1}
        assert offsets_at(consumer, [], 10) == []
    finally:
        consumer.close()


def test_what_no_waiting_mends_is_said_at_once() -> None:
    consumer = Consumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "test-offsets", "log_level": 0})
    try:
        with pytest.raises(KafkaException, match=r"_ALL_BROKERS_DOWN|_TRANSPORT|_TIMED_OUT"):
            watermarks(consumer, "t", 0, 0.5)
        with pytest.raises(KafkaException, match=r"_ALL_BROKERS_DOWN|_TRANSPORT|_TIMED_OUT"):
            offsets_at(consumer, [TopicPartition("t", 0, 0)], 0.5)
    finally:
        consumer.close()
