"""The client library goes on after the controller has fenced its only broker for a moment, as a stalled machine does.

librdkafka 2.11 to 2.15 is then left without any broker for good: producers wait for ever, with the broker back.
"""

import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from streams.local import broker
from streams.local.configuration import properties
from streams.local.kafka import Cluster
from streams.settings import Settings, librdkafka_config
from streams.topics import TopicsError, ensure
from tests.worker.road import until

pytestmark = pytest.mark.long

FENCED_S, ROUND_S, ROUNDS = 1, 3, 5
PRODUCERS = 12


@pytest.fixture
def stalling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A broker that speaks to its controller so seldom that it is fenced most of the time."""
    seldom: dict[str, str | int] = {
        "broker.session.timeout.ms": FENCED_S * 1000,
        "broker.heartbeat.interval.ms": ROUND_S * 1000,
    }
    monkeypatch.setattr(broker, "properties", lambda *given: properties(*given) | seldom)
    with Cluster() as cluster:
        settings = Settings(brokers=cluster.bootstrap, partitions=1)
        until(lambda: made(settings), "a moment in which topics can be made")
        yield settings


def made(settings: Settings) -> bool:
    try:
        ensure(settings)
    except TopicsError:
        return False
    return True


def test_producers_go_on_when_their_broker_is_back(stalling: Settings) -> None:
    producers = [Producer(librdkafka_config(stalling, acks="all", log_level=0)) for _ in range(PRODUCERS)]
    end = time.monotonic() + ROUNDS * ROUND_S
    while time.monotonic() < end:
        for producer in producers:
            producer.produce("control.sites", b"{}", "DRILL-A")
            producer.poll(0)
        time.sleep(0.2)
    until(lambda: not any(producer.flush(0.1) for producer in producers), "that all is delivered", 30)
