"""Where a partition begins and ends, or stood at a moment, asked again for as long as its leader is being elected.

librdkafka refreshes what it knows of leaders before it fetches and before it produces; a question about offsets it
answers with the error of the broker that it happened to ask. Just after a topic was made, or while a broker restarts,
that is `NOT_LEADER_FOR_PARTITION`.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

ELECTING = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
)
PAUSE_S = 0.1
Answer = TypeVar("Answer")


def watermarks(consumer: Consumer, topic: str, partition: int, timeout: float) -> tuple[int, int]:
    """Return a partition's first offset and its next one.

    Raises
    ------
    KafkaException
        No broker answers within `timeout` seconds, or none leads the partition.
    """
    place = TopicPartition(topic, partition)
    low, high = _patiently(lambda: consumer.get_watermark_offsets(place, timeout=timeout), timeout)
    return int(low), int(high)


def offsets_at(consumer: Consumer, asked: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:
    """Return where to read on to get what came at `asked[i].offset` ms since 1970 or later; -1 where nothing did.

    Raises
    ------
    KafkaException
        No broker answers within `timeout` seconds, or none leads a partition.
    """

    def ask() -> list[TopicPartition]:
        answer: list[TopicPartition] = consumer.offsets_for_times(list(asked), timeout=timeout)
        for at in answer:
            if at.error is not None:
                raise KafkaException(at.error)
        return answer

    return _patiently(ask, timeout) if asked else []


def _patiently(ask: Callable[[], Answer], timeout: float) -> Answer:
    until = time.monotonic() + timeout
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in ELECTING or time.monotonic() > until:
                raise
        time.sleep(PAUSE_S)
