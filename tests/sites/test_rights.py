"""What each of the platform's processes may do on a cluster that knows who is who: its work, and nothing else."""

import asyncio
import os
import stat
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import httpx
import msgspec
import pytest
from confluent_kafka import Producer, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from streams.console.desk import Desk
from streams.console.feed import Feed
from streams.console.scribe import Scribe
from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings, librdkafka_config
from streams.sites import Publisher
from streams.sites.access.rights import bindings, of_site
from streams.telemetry.control import Action
from streams.topics import TOPICS
from tests.sites.gates import GateProcess
from tests.sites.log import Place
from tests.sites.logins import DENIED, ROOT, A, B, administer, consume, credentials, own, produce, read_as
from tests.worker.road import until, worker

pytestmark = pytest.mark.long


TELEMETRY = {f"telemetry.{domain}" for domain in ("power", "alarm", "camera", "rfid", "shipment")}
OUTPUTS = {"findings", "incidents", "commands"}
SAID = {"control.actions", "control.verdicts", "control.maintenance"}
CONTROL = SAID | {"control.sites", "control.items", "control.watchlist"}
OWN = {"tocsin.state", "tocsin.facts"}
MAY = {
    "site": (set(), {f"in.{A}"}),
    "gate": ({f"in.{A}", f"in.{B}"}, TELEMETRY | {"dead-letters"}),
    "worker": (
        TELEMETRY | CONTROL | OWN | {"control.clock"},
        OUTPUTS | OWN | {"control.clock", "dead-letters"},
    ),
    "notifier": ({"incidents"}, set()),
    "console": ({"incidents", "findings", "control.sites"} | SAID, SAID),
    "ledger": (TELEMETRY | CONTROL | OUTPUTS | {"control.clock", "evidence"}, {"evidence"}),
    "actuate": ({"commands"}, {"control.actions"}),
    "report": ({"incidents", "findings", "dead-letters", "control.verdicts", "tocsin.state"}, set()),
    "drill": (
        {"findings", "incidents", "control.sites", "control.clock"},
        TELEMETRY | {"control.clock", "control.sites", "incidents"},
    ),
}
"""Of every topic of the cluster, what each may read and write; all else is denied."""


@pytest.mark.parametrize("who", MAY)
def test_kafka_lets_each_read_and_write_what_it_has_to_and_nothing_else(
    secure: Cluster, roles: dict[str, dict[str, str]], folders: dict[str, Path], who: str
) -> None:
    assert set(roles) | {"site"} == set(MAY)
    settings = credentials(folders[A]) if who == "site" else own(secure, roles[who])
    client = AdminClient(librdkafka_config(settings, log_level=0))
    names = [*(topic.name for topic in TOPICS), f"in.{A}", f"in.{B}"]
    told = client.describe_topics(TopicCollection(names), include_authorized_operations=True, request_timeout=15)
    allowed: dict[str, set[AclOperation]] = {}
    for name, answer in told.items():
        error = answer.exception(15)
        assert error is None or error.args[0].name() == "TOPIC_AUTHORIZATION_FAILED", name
        allowed[name] = set() if error else set(answer.result().authorized_operations)
    reads, writes = (
        {name for name, operations in allowed.items() if operation in operations}
        for operation in (AclOperation.READ, AclOperation.WRITE)
    )
    assert (reads, writes) == MAY[who]
    assert not any({AclOperation.ALTER, AclOperation.DELETE, AclOperation.CREATE} & found for found in allowed.values())


@pytest.mark.parametrize(
    ("role", "topics"),
    {
        "worker": ("telemetry.power", f"in.{A}", "control.sites", "control.verdicts"),
        "gate": ("incidents", "findings", "control.sites", f"in.{A}", "tocsin.state"),
        "notifier": ("incidents", "telemetry.power", "control.verdicts", "commands", f"in.{A}"),
        "console": ("incidents", "findings", "control.sites", "commands", "evidence", f"in.{A}"),
        "ledger": ("telemetry.power", "incidents", "control.actions", "tocsin.state", f"in.{A}"),
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
    elsewhere = {"worker": f"in.{A}", "gate": "incidents", "ledger": "tocsin.state"}.get(role, "telemetry.power")
    assert consume(settings, elsewhere, "mine") in DENIED
    assert administer(settings, lambda client: client.create_acls(bindings(A, of_site(B)))) in DENIED


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
            for volts in (230.0, 0.0):
                for feed in ("grid-a", "grid-b"):
                    publisher.publish(place.reading("mains", feed=feed, voltage=volts, frequency=volts and 50.0))
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
    options: list[str | Path] = ["--key", key, "--folder", tmp_path / "sealed", "--port", "0"]
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
