"""Who may speak for whom: three brokers with log-ins, TLS and access control, and everybody's real credentials."""

import asyncio
import os
import stat
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import urlopen

import httpx
import msgspec
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from msgspec.structs import replace

from streams.console.desk import Desk
from streams.console.feed import Feed
from streams.console.scribe import Scribe
from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings, librdkafka_config
from streams.sites import Publisher
from streams.sites.access.rights import bindings, of_roles, of_site
from streams.sites.access.users import AccessError, Users
from streams.telemetry.control import Action
from streams.telemetry.examples import TELEMETRY
from streams.topics import ensure
from tests.sites.forgeries import encode, forgeries
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
def roles(admin: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The environment of each of the platform's processes, with no more rights than it needs."""
    folder = tmp_path_factory.mktemp("roles")
    made = {}
    for name in of_roles(Settings()):
        ran = tocsin(admin, "access", name, "--folder", folder)
        assert ran.returncode == 0, ran.stderr
        made[name] = admin | dict(line.split("=", 1) for line in ran.stdout.splitlines())
    return made


@pytest.fixture(scope="module")
def running_gate(
    secure: Cluster, roles: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GateProcess]:
    """A gate with its own credentials."""
    with gate(secure.bootstrap, tmp_path_factory.mktemp("gate"), **roles["gate"]) as running:
        yield running


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


def test_of_ten_thousand_forgeries_none_is_accepted(secure: Cluster, as_a: Settings, running_gate: GateProcess) -> None:
    """With a site's own credentials: on its own topic, where the gate refuses, and on all others, where Kafka does."""
    place = Place(secure.bootstrap, A)
    sorts = forgeries(place, B)
    own = [sorts[name](number) for number in range(8_000 // len(sorts) + 1) for name in sorts]
    abroad = [f"in.{B}", *TELEMETRY, "control.sites", "control.verdicts", "incidents", "commands"]
    Random(3).shuffle(own)
    forged = encode(place.reading("forged"))
    assert len(sorts) >= 10 and len(own) + 200 * len(abroad) >= 10_000
    refused = Counter[str]()
    config = {"message.timeout.ms": 60_000, "log_level": 0, "linger.ms": 5, "topic.metadata.propagation.max.ms": 1000}
    producer = Producer(librdkafka_config(as_a, **config))

    def send(topic: str, key: bytes | None, value: bytes, **options: Any) -> None:
        def report(error: Any, _: Any) -> None:
            if error is not None:
                refused[topic] += 1

        producer.produce(topic, value, key, on_delivery=report, **options)
        producer.poll(0)

    past = int((time.time() - 8 * 86_400) * 1000)
    for key, value in own:
        send(place.topic, key, value, timestamp=past, headers={"principal": B, "site": B})
    for topic in abroad * 200:
        send(topic, B.encode(), forged)
    send(place.topic, A.encode(), encode(place.reading("last")))
    assert producer.flush(90) == 0
    assert refused == dict.fromkeys(abroad, 200)
    letters = [one for one in read_as(secure.settings, "dead-letters", len(own)) if b"forged" in (one.value() or b"")]
    named = sum(B.encode() in dict(letter.headers())["reason"] for letter in letters)
    assert named > 3 * len(own) // len(sorts)
    last = False
    while not last:
        taken = [record.value() for topic in TELEMETRY for record in read_as(secure.settings, topic, 0)]
        assert not [value for value in taken if b"forged" in value]
        last = any(b'"last"' in value for value in taken)


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


@pytest.mark.parametrize(
    ("role", "topics"),
    {
        "worker": ("telemetry.power", f"in.{A}", "control.sites", "control.verdicts"),
        "gate": ("incidents", "findings", "control.sites", f"in.{A}", "tocsin.state"),
        "notifier": ("incidents", "telemetry.power", "control.verdicts", "commands", f"in.{A}"),
        "actuate": ("commands", "incidents", "telemetry.power", "control.sites"),
        "report": ("incidents", "control.verdicts", "tocsin.state"),
        "drill": ("control.verdicts", "control.actions", "commands", "findings", f"in.{A}"),
    }.items(),
)
def test_a_process_of_the_platform_may_do_no_more_than_its_work(
    secure: Cluster, roles: dict[str, dict[str, str]], folders: dict[str, Path], role: str, topics: tuple[str, ...]
) -> None:
    settings = own(secure, roles[role])
    assert {topic: produce(settings, topic, A) for topic in topics} == dict.fromkeys(
        topics, "TOPIC_AUTHORIZATION_FAILED"
    )
    elsewhere = {"worker": f"in.{A}", "gate": "incidents"}.get(role, "telemetry.power")
    assert consume(settings, elsewhere, "mine") in DENIED
    assert administer(settings, lambda client: client.create_acls(bindings(A, of_site(B)))) in DENIED


def own(secure: Cluster, environment: dict[str, str]) -> Settings:
    """Log in as one of the platform's processes does."""
    password = Path(environment["TOCSIN_SASL_PASSWORD_FILE"]).read_text()
    return replace(
        secure.settings,
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username=environment["TOCSIN_SASL_USERNAME"],
        sasl_password=password,
    )


def test_secrets_lie_where_their_owner_alone_can_read(secure: Cluster, folders: dict[str, Path]) -> None:
    for file in (
        folders[A] / "password",
        *secure.folder.rglob("*.password"),
        *secure.folder.rglob("server.properties"),
    ):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert secure.security is not None
    words = [file.read_text() for file in secure.folder.rglob("*.password")] + [(folders[A] / "password").read_text()]
    logs = "".join(file.read_text(errors="replace") for file in secure.folder.rglob("broker.log"))
    assert "kafka.Kafka" in command_lines() and logs
    assert not [word for word in words if word in command_lines() or word in logs]


def command_lines() -> str:
    """Read what every process of this machine was started with."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return "\n".join(lines)


def test_the_platform_does_its_work_with_its_own_rights_and_shows_no_secret(
    secure: Cluster,
    roles: dict[str, dict[str, str]],
    folders: dict[str, Path],
    as_a: Settings,
    running_gate: GateProcess,
    tmp_path: Path,
) -> None:
    """A site's lost mains, over its own credentials, becomes a finding; incidents are read."""
    place = Place(secure.bootstrap, A)
    ports = dict(zip(("TOCSIN_METRICS_PORT", "TOCSIN_NOTIFIER_PORT"), map(str, free_ports(2)), strict=True))
    environment = roles["worker"] | {"TOCSIN_GROUP": "tocsin-worker"} | ports
    with worker(secure.bootstrap, tmp_path, ("streams", "worker"), **environment) as working:
        with Publisher(A, settings=as_a, topic=place.topic, heartbeat_s=0) as publisher:
            for feed in ("grid-a", "grid-b"):
                publisher.publish(place.reading("mains", feed=feed, voltage=0.0, frequency=0.0))
            assert publisher.flush(20) == 0
        findings = read_as(secure.settings, "findings", 1)
        assert msgspec.json.decode(findings[0].value())["site"] == A
        log = tmp_path / "notifier.log"
        command = [sys.executable, "-m", "streams", "notifier"]
        with log.open("wb") as file:
            notifier = subprocess.Popen(command, env=os.environ | roles["notifier"] | ports, stderr=file, cwd=ROOT)
        try:
            urls = [running_gate.metrics, *(f"http://127.0.0.1:{port}/metrics" for port in ports.values())]
            until(lambda: answers(urls[-1].replace("metrics", "readyz")), log.name)
            told = [httpx.get(url).text for url in urls] + [command_lines()]
        finally:
            notifier.terminate()
            assert notifier.wait(30) == 0, log.read_text()
    told += [file.read_text(errors="replace") for file in (log, working.log, running_gate.log)]
    assert "streams notifier" in told[3] and all("tocsin_" in page for page in told[:3])
    files = [Path(role["TOCSIN_SASL_PASSWORD_FILE"]) for role in roles.values()] + [folders[A] / "password"]
    words = [file.read_text() for file in files]
    assert not [word for word in words if any(word in text for text in told)]


def test_the_ledger_seals_with_its_own_rights(
    secure: Cluster, roles: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    key, log = tmp_path / "key.pem", tmp_path / "ledger.log"
    tocsin = [sys.executable, "-m", "streams", "ledger"]
    environment = os.environ | roles["ledger"] | {"TOCSIN_SEAL_TELEMETRY_S": "0.5"}
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


def test_the_console_reads_and_writes_with_its_own_rights(secure: Cluster, roles: dict[str, dict[str, str]]) -> None:
    settings = own(secure, roles["console"])
    action = Action(id="a-1", site=A, incident="i", action="note", by="ana", time=datetime.now(UTC), note="seen")

    async def act() -> None:
        feed = Feed(Desk())
        reading = asyncio.ensure_future(feed.run(settings))
        await Scribe(settings).write(action)
        assert await feed.until(lambda: feed.ready and any(e.id == "a-1" for e in feed.desk.trail()), 60)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    asyncio.run(act())
    assert produce(settings, "incidents", "i") == "TOPIC_AUTHORIZATION_FAILED"
    assert produce(settings, "control.sites", A) == "TOPIC_AUTHORIZATION_FAILED"
