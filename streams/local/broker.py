"""One broker of the embedded Kafka: its configuration, its process, and what it says when it fails."""

import os
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.local.configuration import HOST, Ports, properties
from streams.local.jars import LocalError
from streams.local.leash import Leash
from streams.local.security import Security, write_secret

START = 90.0
"""Seconds after which a broker that does not answer is given up."""
STOP = 20.0
"""Seconds that a broker may take to end before it is killed."""

QUIET = ("org.apache.kafka.common.config", "org.apache.kafka.server.config")
"""Loggers that print a thousand lines of defaults at each start."""
JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    *(f"-Dorg.slf4j.simpleLogger.log.{name}=warn" for name in QUIET),
)

ADVICE = {
    "Address already in use": "The port is taken: stop what listens there, or choose another one.",
    "No space left": "The disk is full: free some space, or keep the data elsewhere.",
    "Invalid cluster.id": "The folder holds another cluster's data: choose an empty one.",
    "insufficient memory": "There is not enough memory for another Java process: stop something else first.",
}


class Broker:
    """One broker, which is also one of the controllers.

    Parameters
    ----------
    number
        1 upwards.
    ports
        Where all brokers listen, and all controllers, by number.
    folder
        Keeps its data, its configuration and its log.
    java
        The command that runs a Java class of Kafka's.
    security
        Log-ins, encryption and access control; none when None.
    """

    def __init__(
        self, number: int, ports: Sequence[Ports], folder: Path, java: Sequence[str], security: Security | None = None
    ) -> None:
        self.number = number
        self.folder = folder
        self.log = folder / "broker.log"
        self.properties = folder / "server.properties"
        self.address = f"{HOST}:{ports[number - 1].clients}"
        self.sites_address = f"{HOST}:{ports[number - 1].sites}"
        self._security = security
        heap = 512 if len(ports) == 1 else 384
        self._java = [java[0], f"-Xmx{heap}m", *JVM, *java[1:]]
        self._process: Leash | None = None
        self._began = 0
        lines = (
            properties(number, ports, folder / "data") | (security.properties(ports[number - 1]) if security else {})
        ).items()
        self._configuration = "".join(f"{key}={value}\n" for key, value in lines)

    def format(self, cluster: str) -> Leash | None:
        """Begin to prepare an empty data folder for the cluster of that id; None when it is prepared."""
        if (self.folder / "data" / "meta.properties").exists():
            return None
        tool = ["kafka.tools.StorageTool", "format", "-g", "-t", cluster, "-c", str(self.properties)]
        if self._security:
            tool.append(f"@{self._security.first_users()}")
        return self._run(*tool)

    def check(self, formatting: Leash | None) -> None:
        """Wait until the data folder is prepared; raises `LocalError`."""
        if formatting is not None:
            code = formatting.wait(START)
            formatting.kill()
            if code != 0:
                raise self.failure("could not prepare its folder")

    @property
    def running(self) -> bool:
        """Whether its process lives (a paused one does)."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of its Java process; 0 when there is none."""
        return self._process.pid if self._process is not None and self.running else 0

    def start(self, wait: bool = True) -> None:
        """Start it on its port and data, and wait until it answers; raises `LocalError`."""
        if not self.running:
            self._claim_port()
            self._began = self.log.stat().st_size if self.log.exists() else 0
            self._process = self._run("kafka.Kafka", str(self.properties))
        if wait:
            self.wait()

    def wait(self, others: int = 0, seconds: float = START) -> None:
        """Wait until it answers, as a part of a cluster of so many others; raises `LocalError`."""
        end = time.monotonic() + seconds
        while not (self._listens() and self._answers(others)):
            if not self.running:
                raise self.failure("ended while it was starting")
            if time.monotonic() > end:
                raise self.failure(f"did not answer within {seconds:.0f} s")
            time.sleep(0.05)

    def stop(self, seconds: float = STOP) -> bool:
        """End it in good order, or kill it after so many seconds. True when it went by itself."""
        process, self._process = self._process, None
        return process.stop(seconds) if process is not None else True

    def ask_to_stop(self) -> None:
        """Ask it to end, and don't wait."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing answers."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen one go on."""
        self._send(signal.SIGCONT)

    def _claim_port(self) -> None:
        """See that nothing listens on its port, or another Kafka there would be taken for this one."""
        host, port = self.address.split(":")
        try:
            socket.create_server((host, int(port))).close()
        except OSError as error:
            raise LocalError(
                f"{self.address} can't be used ({os.strerror(error.errno or 0)}): choose another port"
            ) from error

    def _run(self, main: str, *arguments: str) -> Leash:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_secret(self.properties, self._configuration)
        return Leash([*self._java, main, *arguments], self.log)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send(number)

    def _listens(self) -> bool:
        host, port = self.address.split(":")
        try:
            socket.create_connection((host, int(port)), 1.0).close()
        except OSError:
            return False
        return True

    def _answers(self, others: int) -> bool:
        try:
            security = self._security.client() if self._security else {}
            client = AdminClient({"bootstrap.servers": self.address, "log_level": 0, **security})
            brokers = client.list_topics(timeout=2.0).brokers
        except KafkaException:
            return False
        return self.number in brokers and len(brokers) > others

    def failure(self, what: str) -> LocalError:
        """Say what happened to it, what its log says about it, and what to do."""
        with self.log.open("rb") as log:
            log.seek(self._began)
            lines = log.read().decode(errors="replace").splitlines()
        wrong = [line for line in lines if " ERROR " in line or "Exception: " in line or line.startswith("Caused by")]
        advice = [text for mark, text in ADVICE.items() if any(mark in line for line in lines)]
        told = "\n".join(f"  {line[:300]}" for line in list(dict.fromkeys(wrong or lines))[-12:])
        return LocalError(f"Kafka broker {self.number} {what}. {' '.join(advice)}\nFrom its log {self.log}:\n{told}")
