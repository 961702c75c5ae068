"""A real Apache Kafka on this machine, of one broker or three, that needs neither Docker nor an installed Java."""

import base64
import fcntl
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TextIO
from uuid import uuid4

from streams.local.archive import Archive
from streams.local.broker import Broker
from streams.local.configuration import HOST, Ports
from streams.local.jars import LocalError, jars, java
from streams.local.security import Security
from streams.settings import Settings

PORTS = range(20_000, 30_000)
"""Where free ports are looked for: below those that systems give to outgoing connections, so that none of these takes
the port of a broker that is down for a moment."""


class Cluster:
    """One broker, or three with three copies of everything, two of which must be there for a record to be acknowledged.

    Use it as a context manager, or call `start` and `stop`. It ends with the process that made it, however that ends.

    Parameters
    ----------
    count
        1 or 3 brokers.
    data
        A folder that keeps the data; a temporary one, gone with the cluster, when None.
    port
        The first broker's port, the others' follow; free ones when None.
    cache
        Where the jars are kept, or go; that of the settings when None.
    secure
        Whether clients have to log in (SCRAM-SHA-512) over TLS and may do only what they were given leave to; sites at
        `sites_bootstrap`, where they have to log in again now and then.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        data: Path | None = None,
        port: int | None = None,
        cache: Path | None = None,
        secure: bool = False,
    ) -> None:
        if count not in (1, 3):
            raise LocalError(f"{count} brokers: one is for trying out, three survive the loss of one; choose 1 or 3")
        found = jars(cache or Settings.from_env().cache_folder)
        command = java()
        self.archive = Archive(command, found)
        self._java = [str(command), *self.archive.options(), "-cp", ":".join(map(str, found))]
        self._temporary = data is None
        self._claim: TextIO | None = None
        self.folder = data.absolute() if data else Path(tempfile.mkdtemp(prefix="tocsin-kafka-"))
        kept = len(list(self.folder.glob("broker-*")))
        if kept not in (0, count):
            raise LocalError(
                f"{self.folder} holds a cluster of {kept}, not of {count}: ask for {kept}, or choose another folder"
            )
        self.security = Security(self.folder / "security") if secure else None
        free = free_ports(3 * count)
        own = range(port, port + count) if port else free[2 * count :]
        ports = [Ports(*three) for three in zip(own, free[:count], free[count : 2 * count], strict=True)]
        self._classes = self.folder / "classes"
        first = [self._java[0], *self.archive.recording(self._classes), *self._java[1:]]
        self.brokers = [
            Broker(i, ports, self.folder / f"broker-{i}", first if i == 1 else self._java, self.security)
            for i in range(1, count + 1)
        ]

    @property
    def bootstrap(self) -> str:
        """The brokers' addresses, for any Kafka client."""
        return ",".join(broker.address for broker in self.brokers)

    @property
    def sites_bootstrap(self) -> str:
        """The addresses at which sites log in, where the cluster is secure."""
        return ",".join(broker.sites_address for broker in self.brokers)

    @property
    def settings(self) -> Settings:
        """How to reach it; as the administrator, where it is secure."""
        settings = Settings(brokers=self.bootstrap, replication=len(self.brokers))
        return self.security.settings(settings) if self.security else settings

    def start(self) -> "Cluster":
        """Start all brokers and wait until each answers and knows the others; raises `LocalError`."""
        self._claim_folder()
        try:
            formats = [broker.format(self._identity()) for broker in self.brokers]
            for broker, process in zip(self.brokers, formats, strict=True):
                broker.check(process)
            for broker in self.brokers:
                broker.start(wait=False)
            for broker in self.brokers:
                broker.wait(others=len(self.brokers) - 1)
            self.archive.make(self._classes)
        except BaseException:
            self.kill()
            raise
        return self

    def watch(self) -> None:
        """Wait for as long as all brokers live; raises `LocalError` when one has ended."""
        while True:
            for broker in self.brokers:
                if not broker.running:
                    raise broker.failure("ended")
            time.sleep(0.5)

    def stop(self) -> bool:
        """End all brokers in good order, or kill them after a bound; a temporary folder goes.

        True when all went by themselves.
        """
        try:
            for broker in self.brokers:
                broker.resume()
                broker.ask_to_stop()
            went = [broker.stop() for broker in self.brokers]
            return all(went)
        finally:
            self.kill()

    def kill(self) -> None:
        """End all brokers at once; a temporary folder goes."""
        for broker in self.brokers:
            broker.kill()
        self.archive.stop()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._claim is not None:
            self._claim.close()

    def run(self, main: str, *args: str, data: bytes = b"", seconds: float = 60) -> str:
        """Run one of Kafka's own command-line tools, by its class, and return what it printed.

        `data` goes to its standard input. Raises `LocalError` with its complaint when it fails.
        """
        command = [
            self._java[0],
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            *self._java[1:],
            main,
            *args,
        ]
        ran = subprocess.run(command, input=data, capture_output=True, timeout=seconds, check=False)
        said = ran.stdout.decode(errors="replace")
        if ran.returncode:
            told = said + ran.stderr.decode(errors="replace")
            raise LocalError(f"{main} failed: {told if len(told) < 3000 else f'{told[:1500]} … {told[-1500:]}'}")
        return said

    def console_producer(
        self, topic: str, records: Iterable[tuple[str, bytes]], codec: str = "none", seconds: float = 60
    ) -> None:
        """Publish (key, value) records with the console producer of Kafka's own Java client.

        A value is one line of UTF-8; `codec` is none, gzip, snappy, lz4 or zstd.
        """
        lines = b"".join(key.encode() + b"\t" + value + b"\n" for key, value in records)
        options = ["--bootstrap-server", self.bootstrap, "--topic", topic, "--compression-codec", codec, "--sync"]
        keyed = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=\t"]
        self.run("org.apache.kafka.tools.ConsoleProducer", *options, *keyed, data=lines, seconds=seconds)

    def __enter__(self) -> "Cluster":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _claim_folder(self) -> None:
        """See that no other cluster uses the folder: Kafka's own lock comes only after harm was done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._claim = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalError(f"Another Kafka uses {self.folder}: stop it, or choose another folder") from error

    def _identity(self) -> str:
        path = self.folder / "cluster.id"
        if not path.exists():
            path.write_text(new_id())
        return path.read_text()


def new_id() -> str:
    """Make a cluster id as Kafka writes them: 16 random bytes in base64, none that looks like a command's option."""
    made = base64.urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    return new_id() if made.startswith("-") else made


def free_ports(count: int) -> list[int]:
    """Find so many different ports of the loopback address on which nothing listens."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise LocalError(f"No {count} free ports between {PORTS.start} and {PORTS.stop}: stop what listens there")
