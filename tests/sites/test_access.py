"""Who may speak for whom: three brokers with log-ins, TLS and access control, and everybody's real credentials."""

import os
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from msgspec.structs import replace

from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings, librdkafka_config
from streams.sites import Publisher
from streams.sites.access.rights import bindings, of_site
from streams.sites.access.users import AccessError, Users
from streams.topics import ensure
from tests.sites.gates import GateProcess, gate
from tests.sites.log import Place
from tests.worker.road import until, worker

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.long

A, B = "FR-93-ALPHA", "FR-94-BRAVO"


@pytest.fixture(scope="module")
def secure() -> Iterator[Cluster]:
    with Cluster(3, secure=True) as running:
        ensure(replace(running.settings, partitions=2))
        yield running


@pytest.fixture(scope="module")
def admin(secure: Cluster) -> dict[str, str]:
    """The environment of an administrator."""
    assert secure.security is not None
    told = dict(line.split("=", 1) for line in secure.security.environment())
    return {"TOCSIN_BROKERS": secure.bootstrap, "TOCSIN_REPLICATION": "3"} | told


def tocsin(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | environment, timeout=90)


@pytest.fixture(scope="module")
def folders(secure: Cluster, admin: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two sites, made as an administrator makes them."""
    made = {}
    for site in (A, B):
        made[site] = tmp_path_factory.mktemp("sites") / site
        ran = tocsin(admin, "sites", "add", site, "--folder", made[site], "--sites-brokers", secure.sites_bootstrap)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout == (made[site] / "site.toml").read_text()
        assert (made[site] / "password").read_text() not in ran.stdout + ran.stderr
    return made


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


@pytest.fixture(scope="module")
def as_a(folders: dict[str, Path]) -> Settings:
    return credentials(folders[A])


@pytest.fixture(scope="module")
def running_gate(
    secure: Cluster, admin: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GateProcess]:
    """A gate with no more rights than a gate needs."""
    folder = tmp_path_factory.mktemp("gate")
    with gate(secure.bootstrap, folder, **role(admin, "gate", folder)) as running:
        yield running


def role(admin: dict[str, str], name: str, folder: Path) -> dict[str, str]:
    """The environment of one of the platform's processes."""
    ran = tocsin(admin, "access", name, "--folder", folder)
    assert ran.returncode == 0, ran.stderr
    return admin | dict(line.split("=", 1) for line in ran.stdout.splitlines())


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
                return str(record.error().name()) if record.error() else ""
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


def test_a_site_speaks_for_itself(secure: Cluster, as_a: Settings, running_gate: GateProcess) -> None:
    place = Place(secure.bootstrap, A)
    with Publisher(A, settings=as_a, topic=place.topic, heartbeat_s=0) as publisher:
        publisher.publish(place.reading(load=4711.0))
        assert publisher.flush(20) == 0, publisher.problem
    produced = produce(as_a, place.topic, A, msgspec.json.encode(place.reading()).replace(A.encode(), B.encode()))
    assert produced == ""
    letters, readings = read_as(secure.settings, "dead-letters", 1), read_as(secure.settings, "telemetry.power", 1)
    assert msgspec.json.decode(readings[0].value())["load"] == 4711.0
    headers = dict(letters[0].headers())
    assert headers["reason"].decode() == f"site {A} may not speak for {B}"
    assert headers["principal"].decode() == A


def read_as(settings: Settings, topic: str, count: int) -> list[Any]:
    consumer = Consumer(librdkafka_config(settings, **{"group.id": "test", "log_level": 0}))
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found: list[Any] = []
    until(lambda: bool(found.extend(consumer.consume(100, 0.5)) or len(found) >= count), f"{count} records of {topic}")
    consumer.close()
    return found


DENIED = {"TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED"}


@pytest.mark.parametrize(
    "topic",
    [f"in.{B}", "telemetry.power", "telemetry.alarm", "control.sites", "control.clock", "incidents", "dead-letters"],
)
def test_a_site_writes_nowhere_else_and_reads_nothing(as_a: Settings, topic: str) -> None:
    assert produce(as_a, topic, A) in DENIED | {"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC"}
    assert consume(as_a, topic, "tocsin-gate") in DENIED


def test_a_site_can_not_read_back_what_it_wrote(as_a: Settings) -> None:
    assert produce(as_a, f"in.{A}", A, b"{}") == ""
    assert consume(as_a, f"in.{A}", "mine") in DENIED


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.create_topics([NewTopic("in.FR-95-CHARLIE", 1, 1)]),
        lambda client: client.delete_topics([f"in.{A}"]),
        lambda client: client.create_acls(bindings(A, of_site(B))),
    ],
    ids=["makes no topic", "deletes no topic", "gives itself none"],
)
def test_a_site_administers_nothing(as_a: Settings, act: Callable[[AdminClient], Any]) -> None:
    assert administer(as_a, act) in DENIED


def test_without_tls_or_with_a_wrong_password_nobody_comes_in(secure: Cluster, as_a: Settings) -> None:
    for wrong in (
        replace(as_a, sasl_password="guessed"),
        replace(as_a, sasl_username="admin"),
        replace(as_a, security_protocol="SASL_PLAINTEXT", ca_file=""),
        replace(as_a, security_protocol="PLAINTEXT", ca_file=""),
        replace(as_a, ca_file=""),
    ):
        with pytest.raises(KafkaException):
            AdminClient(librdkafka_config(wrong, log_level=0)).list_topics(timeout=1.5)


def test_a_site_is_held_to_its_rate(secure: Cluster, admin: dict[str, str], tmp_path: Path) -> None:
    users = Users(secure.settings)
    site = "FR-96-SLOW"
    password = users.add_site(site, rate=20_000)
    (row,) = [row for row in users.sites() if row.site == site]
    assert row == (site, True, True, True, 20_000)
    settings = replace(secure.settings, brokers=secure.sites_bootstrap, sasl_username=site, sasl_password=password)
    waits: list[float] = []
    producer = Producer(
        librdkafka_config(settings, throttle_cb=lambda event: waits.append(event.throttle_time), log_level=0)
    )
    for _ in range(30):
        producer.produce(f"in.{site}", os.urandom(20_000), site)
        producer.poll(0.1)
    until(lambda: bool(producer.poll(0.1) and 0) or bool(waits), "being throttled", 20)
    assert max(waits) > 0
    producer.purge()


def test_a_new_password_ends_the_old_one(secure: Cluster, admin: dict[str, str], folders: dict[str, Path]) -> None:
    old = credentials(folders[B])
    (folders[B] / "site.toml").write_text((folders[B] / "site.toml").read_text() + "# mine\n")
    ran = tocsin(admin, "sites", "rotate", B, "--folder", folders[B], "--sites-brokers", secure.sites_bootstrap)
    assert ran.returncode == 0, ran.stderr
    new = credentials(folders[B])
    assert new.sasl_password != old.sasl_password
    assert "# mine" in (folders[B] / "site.toml").read_text()
    until(lambda: produce(new, f"in.{B}", B) == "", "the new password")
    with pytest.raises(KafkaException):
        AdminClient(librdkafka_config(old, log_level=0)).list_topics(timeout=1.5)


def test_a_revoked_site_is_out_within_a_minute_even_while_it_is_connected(
    secure: Cluster, admin: dict[str, str], tmp_path: Path
) -> None:
    site = "FR-97-GONE"
    ran = tocsin(admin, "sites", "add", site, "--folder", tmp_path, "--sites-brokers", secure.sites_bootstrap)
    assert ran.returncode == 0, ran.stderr
    place = Place(secure.bootstrap, site)
    settings = credentials(tmp_path)
    with Publisher(site, settings=settings, topic=place.topic, spool=tmp_path / "spool", heartbeat_s=0) as publisher:
        publisher.publish(place.reading())
        assert publisher.flush(20) == 0, publisher.problem
        began = time.monotonic()
        assert tocsin(admin, "sites", "revoke", site).returncode == 0
        publisher.publish(place.reading())
        until(lambda: "refuses" in publisher.problem or "uthenticat" in publisher.problem, "its being shut out", 60)
        assert time.monotonic() - began < 60
        assert publisher.pending == 1
        publisher.close(0)
    assert f"{site} no no yes" in " ".join(tocsin(admin, "sites", "list").stdout.split())
    (row,) = [row for row in Users(secure.settings).sites() if row.site == site]
    assert row == (site, False, False, True, None)
    again = tocsin(admin, "sites", "revoke", site)
    assert again.returncode == 1 and f"there is no site {site}" in again.stderr


def test_what_can_not_be_done_is_said(secure: Cluster, admin: dict[str, str], as_a: Settings) -> None:
    users = Users(secure.settings)
    with pytest.raises(AccessError, match=f"{A} is there already: `tocsin sites rotate {A}`"):
        users.add_site(A)
    with pytest.raises(AccessError, match="there is no site FR-98-NONE: `tocsin sites add"):
        users.rotate("FR-98-NONE")
    with pytest.raises(AccessError, match="log in as the cluster's administrator"):
        Users(as_a).add_site("FR-98-NONE")
    with pytest.raises(AccessError, match="log in as the cluster's administrator"):
        Users(as_a).sites()
    refused = tocsin(admin, "sites", "add", "dugny")
    assert refused.returncode == 2
    assert "dugny is no site id" in refused.stderr


def test_secrets_lie_where_their_owner_alone_can_read(secure: Cluster, folders: dict[str, Path]) -> None:
    for file in (
        folders[A] / "password",
        *secure.folder.rglob("*.password"),
        *secure.folder.rglob("server.properties"),
    ):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert secure.security is not None
    words = [file.read_text() for file in secure.folder.rglob("*.password")] + [(folders[A] / "password").read_text()]
    lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    logs = "".join(file.read_text(errors="replace") for file in secure.folder.rglob("broker.log"))
    assert "kafka.Kafka" in lines and logs
    assert not [word for word in words if word in lines or word in logs]


def test_worker_and_notifier_do_their_work_with_their_own_rights(
    secure: Cluster, admin: dict[str, str], as_a: Settings, running_gate: GateProcess, tmp_path: Path
) -> None:
    """A site's lost mains, over its own credentials, becomes a finding; incidents are read."""
    place = Place(secure.bootstrap, A)
    environment = role(admin, "worker", tmp_path) | {"TOCSIN_GROUP": "tocsin-worker"}
    with worker(secure.bootstrap, tmp_path, ("streams", "worker"), **environment):
        with Publisher(A, settings=as_a, topic=place.topic, heartbeat_s=0) as publisher:
            for feed in ("grid-a", "grid-b"):
                publisher.publish(place.reading("mains", feed=feed, voltage=0.0, frequency=0.0))
            assert publisher.flush(20) == 0
        findings = read_as(secure.settings, "findings", 1)
        assert msgspec.json.decode(findings[0].value())["site"] == A
    log = tmp_path / "notifier.log"
    environment = role(admin, "notifier", tmp_path) | {"TOCSIN_NOTIFIER_PORT": str(free_ports(1)[0])}
    with log.open("wb") as file:
        notifier = subprocess.Popen(
            [sys.executable, "-m", "streams", "notifier"], env=os.environ | environment, stderr=file, cwd=ROOT
        )
    try:
        until(lambda: answers(f"http://127.0.0.1:{environment['TOCSIN_NOTIFIER_PORT']}/readyz"), log.name)
    finally:
        notifier.terminate()
        assert notifier.wait(30) == 0, log.read_text()


def test_the_ledger_seals_with_its_own_rights(secure: Cluster, admin: dict[str, str], tmp_path: Path) -> None:
    key, log = tmp_path / "key.pem", tmp_path / "ledger.log"
    tocsin = [sys.executable, "-m", "streams", "ledger"]
    environment = os.environ | role(admin, "ledger", tmp_path) | {"TOCSIN_SEAL_TELEMETRY_S": "0.5"}
    subprocess.run([*tocsin, "keygen", "--key", key], check=True, capture_output=True, timeout=60)
    producer = Producer(librdkafka_config(secure.settings))
    producer.produce("control.sites", msgspec.json.encode({"type": "site.profile", "site": A}), A)
    assert producer.flush(30) == 0
    options = ["--key", key, "--folder", tmp_path / "sealed", "--port", "0"]
    with log.open("wb") as file:
        ledger = subprocess.Popen([*tocsin, *options], env=environment, stderr=file, cwd=ROOT)
    try:
        assert read_as(secure.settings, "evidence", 1)
    finally:
        ledger.terminate()
        assert ledger.wait(30) == 0, log.read_text()


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
