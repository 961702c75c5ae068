"""The platform's topics are made once, alike, and what is wrong with them is said."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from streams.local.kafka import free_ports
from streams.settings import Settings
from streams.topics import TOPICS, TopicsError, create, ensure, look
from tests.faults.proxy import Proxy

ROOT = Path(__file__).parents[2]
TOGETHER = {topic.name for topic in TOPICS if topic.together}


@pytest.fixture
def settings(kafka: str) -> Iterator[Settings]:
    """A broker without any of the platform's topics, before and after."""
    settings = Settings(brokers=kafka, partitions=3)
    drop(settings, *(topic.name for topic in TOPICS))
    yield settings
    drop(settings, *(topic.name for topic in TOPICS))


def client(settings: Settings) -> AdminClient:
    return AdminClient({"bootstrap.servers": settings.brokers})


def drop(settings: Settings, *names: str) -> None:
    admin = client(settings)
    known = set(names) & admin.list_topics(timeout=10).topics.keys()
    if known:
        for answer in admin.delete_topics(sorted(known), operation_timeout=20).values():
            answer.result()
    end = time.monotonic() + 20
    while known & admin.list_topics(timeout=10).topics.keys():
        assert time.monotonic() < end
        time.sleep(0.05)


def make(settings: Settings, name: str, partitions: int, **config: str) -> None:
    admin = client(settings)
    admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result()
    while name not in admin.list_topics(timeout=10).topics:
        time.sleep(0.05)


def alter(settings: Settings, name: str, key: str, value: str) -> None:
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin = client(settings)
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result()
    time.sleep(0.2)


def run(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from streams.cli import main; main()"
    command = [sys.executable, "-c", code, "topics", "--brokers", settings.brokers, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def problems(settings: Settings) -> dict[str, str]:
    return {row.topic.name: row.problem for row in look(settings) if row.problem}


def test_all_are_made_alike_and_only_once(settings: Settings) -> None:
    assert set(problems(settings)) == {topic.name for topic in TOPICS}
    assert ensure(settings) == 3
    before = look(settings)
    assert ensure(settings) == 3
    assert look(settings) == before
    for row in before:
        assert row.partitions == (3 if row.topic.spread else 1)
        assert row.policy == ("compact" if row.topic.compact else "delete")
    assert {row.topic.name for row in before if row.topic.compact} == {
        "tocsin.state",
        "incidents",
        *(f"control.{name}" for name in ("sites", "maintenance", "items", "verdicts", "watchlist")),
    }


def test_new_topics_are_made_like_their_fellows(settings: Settings) -> None:
    make(settings, "telemetry.power", 5)
    alter(settings, "telemetry.power", "max.message.bytes", str(4 << 20))
    assert ensure(settings) == 5
    assert {row.partitions for row in look(settings) if row.topic.together} == {5}


@pytest.mark.parametrize(
    ("name", "partitions", "config", "complaint"),
    [
        ("telemetry.camera", 4, "cleanup.policy=delete", "4 partitions, the others have 3"),
        ("control.clock", 1, "cleanup.policy=delete", "1 partitions, the others have 3"),
        ("tocsin.state", 2, "cleanup.policy=compact", "2 partitions, the others have 3"),
        ("control.items", 3, "cleanup.policy=compact", "3 partitions, must be 1"),
        (
            "control.sites",
            1,
            "cleanup.policy=delete",
            "--alter --topic control.sites --add-config cleanup.policy=compact",
        ),
        (
            "incidents",
            3,
            "cleanup.policy=compact,delete",
            "--alter --topic incidents --add-config cleanup.policy=compact",
        ),
        (
            "telemetry.power",
            3,
            "cleanup.policy=compact",
            "--alter --topic telemetry.power --add-config cleanup.policy=delete",
        ),
        (
            "dead-letters",
            3,
            "max.message.bytes=1048588",
            "--alter --topic dead-letters --add-config max.message.bytes=5242880",
        ),
    ],
)
def test_what_is_wrong_is_said_and_left_alone(
    settings: Settings, name: str, partitions: int, config: str, complaint: str
) -> None:
    ensure(settings)
    drop(settings, name)
    key, value = config.split("=")
    make(settings, name, partitions, **{key: value})
    with pytest.raises(TopicsError) as refused:
        ensure(settings)
    assert f"{name}: " in str(refused.value)
    assert complaint in str(refused.value)
    assert [row.topic.name for row in create(settings) if row.problem] == [name]


def test_two_at_once_make_them_together(settings: Settings) -> None:
    code = (
        "from streams.settings import Settings; from streams.topics import ensure; print(ensure(Settings.from_env()))"
    )
    environment = {"TOCSIN_BROKERS": settings.brokers, "TOCSIN_PARTITIONS": "3", "PATH": "/usr/bin:/bin"}
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["3", "3"]


def test_more_copies_than_brokers_is_refused(settings: Settings) -> None:
    with pytest.raises(TopicsError, match="there are fewer than 3 brokers"):
        ensure(Settings(brokers=settings.brokers, replication=3))


def test_no_kafka_says_how_to_get_one() -> None:
    with pytest.raises(TopicsError, match="tocsin broker"):
        look(Settings(brokers="127.0.0.1:9"))


def test_what_a_player_plays_does_not_expire() -> None:
    telemetry = next(topic for topic in TOPICS if topic.name == "telemetry.power")
    assert telemetry.config(Settings())["retention.ms"] == str(7 * 86_400_000)
    assert telemetry.config(Settings(retention_h=0))["retention.ms"] == "-1"
    assert telemetry.config(Settings(clock="log"))["retention.ms"] == "-1"


def test_three_copies_need_two(kafka: str) -> None:
    assert [TOPICS[0].config(Settings(replication=n))["min.insync.replicas"] for n in (1, 2, 3)] == ["1", "1", "2"]


def test_the_command(settings: Settings) -> None:
    checked = run(settings, "--check")
    assert checked.returncode == 1
    assert "telemetry.power: missing" in checked.stderr

    made = run(settings, "--partitions", "2")
    assert made.returncode == 0, made.stderr
    for topic in TOPICS:
        assert topic.name in made.stdout
    assert run(settings, "--check").returncode == 0

    more = run(settings, "--partitions", "16")
    assert more.returncode == 1
    assert "The topics have 2 partitions, not 16" in more.stderr

    drop(settings, "telemetry.rfid")
    make(settings, "telemetry.rfid", 7)
    wrong = run(settings)
    assert wrong.returncode == 1
    assert "telemetry.rfid: 7 partitions, the others have 2" in wrong.stderr


def test_the_command_waits_for_a_kafka_that_is_not_there_yet(settings: Settings) -> None:
    """A line that is dead at first; behind it the brokers name themselves."""
    (port,) = free_ports(1)
    early = [sys.executable, "-m", "streams", "topics", "--brokers", f"127.0.0.1:{port}"]
    waiting = subprocess.Popen(early, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert waiting.stderr is not None
    assert "Waiting up to 600 s for Kafka at" in waiting.stderr.readline()
    line = Proxy({port: int(settings.brokers.rpartition(":")[2])})
    try:
        told, complaint = waiting.communicate(timeout=60)
        assert waiting.returncode == 0, complaint
        assert "telemetry.power" in told
    finally:
        line.close()


def test_the_command_does_not_wait_for_ever() -> None:
    gone = run(Settings(brokers="127.0.0.1:9"), "--wait", "0")
    assert gone.returncode == 1
    assert "Kafka does not answer at 127.0.0.1:9" in gone.stderr and "`tocsin broker`" in gone.stderr


def test_the_command_refuses_nonsense(settings: Settings) -> None:
    refused = run(Settings(brokers="kafka"))
    assert refused.returncode == 1
    assert "TOCSIN_BROKERS=kafka: expected host:port" in refused.stderr
