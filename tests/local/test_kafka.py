"""The embedded Kafka is a real one: it answers, keeps, survives losses, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.local.jars import LocalError
from streams.local.kafka import Cluster, free_ports
from tests.local.test_leash import gone

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]


def new_topic(brokers: str, **config: str) -> str:
    name = f"t-{uuid4().hex[:8]}"
    client = AdminClient({"bootstrap.servers": brokers})
    client.create_topics([NewTopic(name, 1, -1, config=config)])[name].result(30)
    return name


def placed(brokers: str, topic: str) -> Any:
    """Ask where a topic's partition lies; the broker that is asked may not have heard of a new one yet."""
    client, end = AdminClient({"bootstrap.servers": brokers}), time.monotonic() + 30
    while 0 not in (found := client.list_topics(topic, timeout=30).topics[topic].partitions):
        assert time.monotonic() < end, f"{topic} does not show"
        time.sleep(0.1)
    return found[0]


def publish(brokers: str, topic: str, *values: bytes, **options: str | int) -> None:
    refused: list[object] = []
    patience = {"socket.timeout.ms": 5000, "request.timeout.ms": 5000}  # with a broker that is frozen
    safe = {"acks": "all", "enable.idempotence": True, "message.max.bytes": 8 << 20}
    producer = Producer({"bootstrap.servers": brokers, **safe, **patience, **options})
    for value in values:
        producer.produce(topic, value, b"key", on_delivery=lambda error, _: refused.append(error) if error else None)
    assert producer.flush(60) == 0
    assert not refused, refused


def read(brokers: str, topic: str, count: int, seconds: float = 60) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": str(uuid4()), "log_level": 0})
    consumer.assign([TopicPartition(topic, 0, 0)])
    values: list[bytes | None] = []
    end = time.monotonic() + seconds
    while len(values) < count and time.monotonic() < end:
        values += [record.value() for record in consumer.consume(count, 0.5) if record.error() is None]
    consumer.close()
    return values


def test_records_go_in_and_come_out(kafka: str) -> None:
    topic = new_topic(kafka)
    publish(kafka, topic, b"one", b"two")
    assert read(kafka, topic, 2) == [b"one", b"two"]


def test_it_listens_on_loopback_only_and_makes_no_topics_by_itself(cluster: Cluster, kafka: str) -> None:
    assert all(broker.address.startswith("127.0.0.1:") for broker in cluster.brokers)
    producer = Producer({"bootstrap.servers": kafka, "message.timeout.ms": 2000})
    failed: list[object] = []
    producer.produce("no-such-topic", b"lost", on_delivery=lambda error, _: failed.append(error))
    producer.flush(20)
    assert failed
    assert failed[0] is not None


def test_records_beyond_the_contract_and_of_any_time_land(kafka: str) -> None:
    topic = new_topic(kafka, **{"max.message.bytes": str(4 << 20)})
    producer = Producer({"bootstrap.servers": kafka, "message.max.bytes": 8 << 20})
    told: list[object] = []
    for year in (1971, 2126):
        when = (year - 1970) * 31_556_952_000
        producer.produce(topic, os.urandom(2 << 20), timestamp=when, on_delivery=lambda error, _: told.append(error))
    assert producer.flush(30) == 0
    assert not any(told)
    assert [len(value or b"") for value in read(kafka, topic, 2)] == [2 << 20] * 2


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_the_java_clients_console_producer_runs_from_the_same_jars(cluster: Cluster, kafka: str, codec: str) -> None:
    topic = new_topic(kafka)
    cluster.console_producer(topic, [("FR-93", '{"é":1}'.encode()), ("FR-94", b"{}")], codec)
    assert read(kafka, topic, 2) == ['{"é":1}'.encode(), b"{}"]


def test_a_tool_that_fails_says_why(cluster: Cluster) -> None:
    with pytest.raises(LocalError, match="frobnicate"):
        cluster.run("org.apache.kafka.tools.ConsoleProducer", "--frobnicate")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, kafka: str) -> None:
    """No way out; the session's broker has filled the cache before."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.usefixtures("no_network")
def test_it_starts_without_a_network_keeps_its_data_and_leaves_nothing(tmp_path: Path) -> None:
    with Cluster(data=tmp_path) as first:
        topic = new_topic(first.bootstrap)
        publish(first.bootstrap, topic, b"kept")
        pid = first.brokers[0].pid
    assert gone(pid)
    with Cluster(data=tmp_path) as second:
        assert read(second.bootstrap, topic, 1) == [b"kept"]
        with pytest.raises(LocalError, match="Another Kafka uses"):
            Cluster(data=tmp_path).start()
        with pytest.raises(LocalError, match="holds a cluster of 1, not of 3"):
            Cluster(3, data=tmp_path)
        second.brokers[0].kill()
        assert not second.brokers[0].running
        second.brokers[0].start()
        assert read(second.bootstrap, topic, 1) == [b"kept"]
        pid = second.brokers[0].pid
    assert gone(pid)


def test_a_taken_port_says_so_and_leaves_nothing() -> None:
    port = free_ports(1)[0]
    with socket.create_server(("127.0.0.1", port)):
        cluster = Cluster(port=port)
        with pytest.raises(
            LocalError, match=f"127.0.0.1:{port} can't be used .Address already in use.: choose another"
        ):
            cluster.start()
    assert not cluster.brokers[0].running
    assert not cluster.folder.exists()


def test_a_broker_that_fails_shows_what_its_log_says(tmp_path: Path) -> None:
    with Cluster(data=tmp_path) as cluster:
        broker = cluster.brokers[0]
        assert broker.stop()
        (broker.folder / "data" / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=7\n")
        with pytest.raises(LocalError, match=r"(?s)Kafka broker 1 ended while it was starting.*broker\.log:\n.*node"):
            broker.start()


def test_two_brokers_are_refused() -> None:
    with pytest.raises(LocalError, match="choose 1 or 3"):
        Cluster(2)


def test_three_survive_the_loss_of_one_and_acknowledge_nothing_without_two(three_brokers: Cluster) -> None:
    brokers = three_brokers.bootstrap
    topic = new_topic(brokers)
    metadata = placed(brokers, topic)
    assert len(metadata.replicas) == 3
    publish(brokers, topic, b"before")
    leader = three_brokers.brokers[metadata.leader - 1]
    leader.kill()
    publish(brokers, topic, b"without one")
    assert read(brokers, topic, 2) == [b"before", b"without one"]
    leader.start()

    frozen = three_brokers.brokers[metadata.leader % 3]
    frozen.pause()
    assert frozen.running
    publish(brokers, topic, b"with a frozen one")
    frozen.resume()

    assert three_brokers.brokers[0].stop()
    three_brokers.brokers[0].start()
    publish(brokers, topic, b"again all")
    assert read(brokers, topic, 4) == [b"before", b"without one", b"with a frozen one", b"again all"]

    for broker in three_brokers.brokers[1:]:
        broker.kill()
    with pytest.raises(AssertionError):
        publish(three_brokers.brokers[0].address, topic, b"two are lost", **{"message.timeout.ms": 3000})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_command_runs_one_and_leaves_no_process(number: signal.Signals, kafka: str) -> None:
    port = free_ports(1)[0]
    command = [sys.executable, "-c", "from streams.cli import main; main()", "broker", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    folder = Path(process.stderr.readline().split()[-1])
    assert f"127.0.0.1:{port}" in process.stderr.readline()
    assert AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"}).list_topics(timeout=20).brokers
    found = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=True).stdout
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == (-number if number == signal.SIGKILL else 0), told
    for pid in map(int, re.findall(r"\d+", found)):
        assert gone(pid)
    assert folder.exists() == (number == signal.SIGKILL)
    if folder.exists():
        subprocess.run(["rm", "-r", folder], check=True)
