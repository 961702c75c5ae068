"""A place to seal at: a broker with all topics, what sites and people send to it, a ledger, and the commands."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import typer
from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec import json
from msgspec.structs import replace
from typer.testing import CliRunner

from streams.cli import dossier, ledger, verify
from streams.evidence.folder import Folder
from streams.evidence.keys import new_key, private_key, public_hex
from streams.evidence.ledger import Ledger
from streams.evidence.merkle import leaf_hash
from streams.evidence.record import Record
from streams.evidence.resume import SEALED
from streams.incidents.model import Incident
from streams.offsets import watermarks
from streams.settings import Settings
from streams.telemetry.examples import CONTROL, PUBLISHED, TELEMETRY
from tests.processes import launched

SITES = ("FR-93-DUGNY", "NL-12-VENLO")
PRIVATE, PUBLIC_PEM = new_key()
PUBLIC = public_hex(private_key(PRIVATE))


class Desk:
    """Publishes, seals and verifies."""

    def __init__(self, brokers: str, folder: Path) -> None:
        self.settings = Settings(
            brokers=brokers,
            ledger_folder=str(folder / "sealed"),
            ledger_key=PRIVATE,
            seal_s=0.2,
            seal_telemetry_s=1.0,
            ledger_port=0,
        )
        self.folder = folder / "sealed"
        self.key = folder / "key.pem"
        self.key.write_text(PRIVATE)
        self.producer = Producer(
            {"bootstrap.servers": brokers, "partitioner": "murmur2", "linger.ms": 1, "log_level": 0}
        )
        self.sent = 0

    def publish(self, topic: str, value: object, key: str, at: float | None = None) -> None:
        data = value if isinstance(value, bytes) else json.encode(value)
        self.producer.produce(topic, data, key.encode(), timestamp=round((at or time.time()) * 1000))
        self.producer.poll(0)
        self.sent += 1

    def telemetry(self, site: str, count: int, at: float | None = None) -> None:
        for number in range(count):
            domain = list(TELEMETRY)[number % len(TELEMETRY)]
            told = TELEMETRY[domain][0] | {"site": site, "sequence": self.sent}
            self.publish(domain, told, site, None if at is None else at + number)

    def incident(self, site: str, name: str, status: str = "open", revision: int = 1) -> None:
        told = PUBLISHED["incidents"] | {"id": name, "site": site, "status": status, "revision": revision}
        self.publish("incidents", told, name)

    def verdict(self, incident: Incident) -> None:
        told = {"type": "incident.verdict", "incident": incident.id, "site": incident.site, "verdict": "true_positive"}
        more = {"by": "guard", "time": incident.updated, "note": "police called"}
        self.publish("control.verdicts", told | more, incident.site, incident.updated.timestamp())

    def everything(self, site: str) -> None:
        """Publish one of everything that people and detectors say."""
        for topic in ("findings", "commands"):
            self.publish(topic, PUBLISHED[topic] | {"site": site, "id": f"{topic}-{self.sent}"}, site)
        for topic, many in CONTROL.items():
            for told in many:
                self.publish(
                    topic, told | ({"site": site} if "site" in told else {}), site if "site" in told else "key"
                )

    def flush(self) -> None:
        assert self.producer.flush(20) == 0

    def seal(self, seconds: float = 30, **settings: object) -> None:
        """Let a ledger seal, in this process, until it has read all that is there."""
        self.flush()
        folder = Folder(self.folder)
        folder.claim()
        working = Ledger(replace(self.settings, **settings), folder)
        working.open()
        ends = self.ends()
        deadline = time.monotonic() + seconds

        def going() -> bool:
            assert time.monotonic() < deadline, "it did not seal in time"
            return any(working.reached.get(place, 0) < end for place, end in ends.items())

        try:
            working.run(going)
        finally:
            working.close()
            folder.release()

    def process(
        self, log: Path, *options: str, folder: Path | None = None
    ) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        """Run `tocsin ledger` as a process."""
        command = ("ledger", "--brokers", self.settings.brokers, "--folder", folder or self.folder)
        often = {"TOCSIN_SEAL_S": "0.05", "TOCSIN_SEAL_TELEMETRY_S": "0.3"}
        return launched(log, *command, "--key", self.key, "--port", "0", *options, **often)

    def ends(self) -> dict[tuple[str, int], int]:
        return {(topic, partition): end for topic, partition, end in self._ends()}

    def _ends(self) -> Iterator[tuple[str, int, int]]:
        consumer = Consumer({"bootstrap.servers": self.settings.brokers, "group.id": "desk"})
        known = consumer.list_topics(timeout=10).topics
        for topic in SEALED:
            for partition in known[topic].partitions:
                yield topic, partition, watermarks(consumer, topic, partition, 10)[1]
        consumer.close()

    def there(self) -> Counter[bytes]:
        """Hash every record that Kafka holds and that is to be sealed."""
        consumer = Consumer(
            {"bootstrap.servers": self.settings.brokers, "group.id": "desk", "enable.auto.commit": False}
        )
        ends = self.ends()
        consumer.assign([TopicPartition(*place, 0) for place in ends])
        left = sum(ends.values())
        found: Counter[bytes] = Counter()
        while left:
            messages: list[Any] = consumer.consume(5000, 0.2)
            for message in messages:
                assert message.error() is None
                place = message.topic(), message.partition(), message.offset()
                found[leaf_hash(Record(*place, message.timestamp()[1], message.key(), message.value()).leaf())] += 1
                left -= 1
        consumer.close()
        return found

    def sealed(self) -> Counter[bytes]:
        """Count every hash in the folder's leaves, without the ledger's own heads."""
        found: Counter[bytes] = Counter()
        for file in self.folder.glob("*/*/*/*.leaves"):
            data = file.read_bytes()
            found.update(data[start : start + 32] for start in range(0, len(data), 32))
        for file in self.folder.glob("platform/*/*/*/*.records"):
            for part in file.read_bytes().split(b"ledger.heads 0 ")[1:]:
                own = b"ledger.heads 0 " + part
                head, _, rest = own.partition(b"\n")
                sizes = [int(size) for size in head.split()[-2:]]
                del found[leaf_hash(head + b"\n" + rest[: sum(sizes)])]
        return found


def run(command: Callable[..., None], *arguments: str | Path) -> tuple[int, str, str]:
    """Run one of the commands; answers exit code, output and messages."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    answer = CliRunner().invoke(app, list(map(str, arguments)))
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.exit_code, answer.stdout, answer.stderr


def verified(*arguments: str | Path) -> tuple[int, str, str]:
    return run(verify.command, *arguments)


def sealing(*arguments: str | Path) -> tuple[int, str, str]:
    return run(ledger.command, *arguments)


def filed(*arguments: str | Path) -> tuple[int, str, str]:
    return run(dossier.command, *arguments)


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to))
