"""Three brokers, workers that a supervisor starts again, and lines between them that can be cut.

The first worker logs in with a password, the others need none.
"""

import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from threading import Event, Thread

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    OffsetSpec,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from streams.local.kafka import Cluster, free_ports
from streams.settings import Settings
from streams.topics import ensure
from tests.faults.place import Worker, patiently, until
from tests.faults.proxy import Proxy

PARTITIONS = 6
GROUP = "tocsin-worker"
USER, PASSWORD = "worker-0", "valid"


class Plant:
    """Brokers, proxies and workers; worker number n reaches broker number b by a line of its own.

    Parameters
    ----------
    disk
        Megabytes of a disk of its own (a tmpfs) for the last broker; none when 0, else this needs root.
    """

    def __init__(self, folder: Path, brokers: int = 3, workers: int = 3, disk: int = 0, **environment: str) -> None:
        self.folder = folder
        self.cluster = Cluster(brokers)
        self.clock = folder / "clock"
        ports = iter(free_ports(2 * brokers * workers))
        self.lines = {(n, b): (next(ports), next(ports)) for n in range(workers) for b in range(brokers)}
        for number, broker in enumerate(self.cluster.brokers):
            broker._configuration += self._listeners(number, workers)
        self.proxy = Proxy(dict(self.lines.values()))
        self.settings = Settings(
            brokers=self.cluster.bootstrap, partitions=PARTITIONS, replication=brokers, snapshot_s=2.0
        )
        self.workers = [Worker(f"worker-{n}", folder, self._environment(n) | environment) for n in range(workers)]
        self._disk = self.cluster.brokers[-1].folder if disk else None
        if self._disk is not None:
            self._disk.mkdir(parents=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk}m", "faults", str(self._disk)], check=True)
        self._stop = Event()
        self._supervisor = Thread(target=self._supervise, daemon=True)

    def _listeners(self, broker: int, workers: int) -> str:
        """Give a broker one more listener for each worker, advertised where that worker's line begins."""
        given = dict(line.split("=", 1) for line in self.cluster.brokers[broker]._configuration.splitlines())
        own = [(f"LINE{n}", *self.lines[n, broker]) for n in range(workers)]
        listeners = [given["listeners"], *(f"{name}://127.0.0.1:{target}" for name, _, target in own)]
        advertised = [given["advertised.listeners"], *(f"{name}://127.0.0.1:{port}" for name, port, _ in own)]
        protocols = [f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "CONTROLLER", *(name for name, _, _ in own[1:]))]
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return (
            f"listeners={','.join(listeners)}\nadvertised.listeners={','.join(advertised)}\n"
            f"listener.security.protocol.map={','.join([*protocols, 'LINE0:SASL_PLAINTEXT'])}\n"
            f"listener.name.line0.sasl.enabled.mechanisms=SCRAM-SHA-512\n"
            f"listener.name.line0.scram-sha-512.sasl.jaas.config={login}\n"
        )

    def _environment(self, number: int) -> dict[str, str]:
        brokers = ",".join(f"127.0.0.1:{self.lines[number, b][0]}" for b in range(len(self.cluster.brokers)))
        login = {
            "TOCSIN_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "TOCSIN_SASL_USERNAME": USER,
            "TOCSIN_SASL_PASSWORD": PASSWORD,
        }
        return (login if number == 0 else {}) | {
            "TOCSIN_BROKERS": brokers,
            "TOCSIN_INSTANCE": f"place-{number}",
            "TOCSIN_SNAPSHOT_S": "2",
            "TOCSIN_TICK_S": "0.5",
            "TOCSIN_METRICS_PORT": "0",
            "FAULTS_CLOCK": str(self.clock),
        }

    def password(self, password: str) -> None:
        """Say with what the first worker may log in from now on; it knows only the one that it was started with."""
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(USER, how, password.encode())
        admin = self._admin()
        patiently(lambda: admin.alter_user_scram_credentials([change])[USER].result(10))

    def ports(self, worker: int) -> list[int]:
        """Name the ports of a worker's lines."""
        return [port for (n, _), (port, _) in self.lines.items() if n == worker]

    def start(self, workers: int) -> "Plant":
        """Start the brokers, make the topics, and start so many workers."""
        self.cluster.start()
        self.password(PASSWORD)
        ensure(self.settings)
        for worker in self.workers[:workers]:
            worker.start()
        self._supervisor.start()
        return self

    def calm(self, workers: int = 2) -> None:
        """Have the first workers run, the others not, and every line and clock as it should be."""
        self.proxy.set([port for port, _ in self.lines.values()])
        self.clock.write_text("0")
        self.password(PASSWORD)
        for worker in self.workers[workers:]:
            worker.end()
        for worker in self.workers[:workers]:
            worker.send(signal.SIGCONT)
            if not worker.wanted:
                worker.start()
        for broker in self.cluster.brokers:
            broker.start(wait=False)
        until(lambda: all(worker.ready() for worker in self.workers[:workers]), "the workers' partitions", 120)

    def _supervise(self) -> None:
        while not self._stop.wait(0.2):
            for worker in self.workers:
                worker.supervise()

    def stop(self) -> None:
        """End everything."""
        self._stop.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        for worker in self.workers:
            worker.end()
        self.proxy.close()
        for broker in self.cluster.brokers:
            broker.kill()
        if self._disk is not None:
            subprocess.run(["umount", "--lazy", str(self._disk)], check=True)
        self.cluster.kill()

    def __enter__(self) -> "Plant":
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def consumer(self) -> Consumer:
        """Make a consumer that joins no group; it may ask for the workers' commits."""
        return Consumer(
            {
                "bootstrap.servers": self.cluster.bootstrap,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.cluster.bootstrap, "log_level": 0})

    def ends(self, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Ask where partitions end."""
        asked = {TopicPartition(*place): OffsetSpec.latest() for place in places}

        def ask() -> dict[tuple[str, int], int]:
            # A client of its own each time: one that has asked the former leader keeps asking in its epoch's name.
            admin = self._admin()  # the answers come only while it lives
            answers = admin.list_offsets(asked, request_timeout=10)
            return {(at.topic, at.partition): answer.result().offset for at, answer in answers.items()}

        return patiently(ask)

    def listening(self, number: int) -> list[int]:
        """Name the ports of a broker, by its index."""
        given = dict(line.split("=", 1) for line in self.cluster.brokers[number]._configuration.splitlines())
        return [int(place.rpartition(":")[2]) for place in given["listeners"].split(",")]

    def leader(self, topic: str, partition: int) -> int:
        """Say which broker leads a partition, by its index."""
        leader: int = self._admin().list_topics(topic, timeout=10).topics[topic].partitions[partition].leader
        return leader - 1

    def controller(self) -> int:
        """Say which broker is the controller, by its index."""
        told = self.cluster.run(
            "org.apache.kafka.tools.MetadataQuorumCommand",
            "--bootstrap-server",
            self.cluster.bootstrap,
            "describe",
            "--status",
        )
        return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("LeaderId:")) - 1

    def commits(self, consumer: Consumer, topics: tuple[str, ...]) -> dict[tuple[str, int], int]:
        """Ask what the group has committed."""
        asked = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        answer = patiently(lambda: consumer.committed(asked, timeout=10))
        return {(at.topic, at.partition): max(at.offset, 0) for at in answer}
