"""How a broker of the embedded Kafka is configured."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
MEBIBYTE = 1 << 20


class Ports(NamedTuple):
    """Where a broker listens: for clients, for the other controllers, and, if it is secure, for the sites."""

    clients: int
    controllers: int
    sites: int


def properties(number: int, ports: Sequence[Ports], data: Path) -> dict[str, str | int]:
    """Make a broker's configuration: on loopback only, with a majority of copies behind every acknowledged record."""
    count = len(ports)
    port, control, _ = ports[number - 1]
    safe = min(2, count)
    return {
        "node.id": number,
        "process.roles": "broker,controller",
        "controller.quorum.voters": ",".join(f"{i}@{HOST}:{ports[i - 1].controllers}" for i in range(1, count + 1)),
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{control}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "default.replication.factor": count,
        "min.insync.replicas": safe,
        "unclean.leader.election.enable": "false",
        "offsets.topic.replication.factor": count,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": count,
        "transaction.state.log.min.isr": safe,
        "transaction.state.log.num.partitions": 8,
        "share.coordinator.state.topic.replication.factor": count,
        "share.coordinator.state.topic.min.isr": safe,
        "group.initial.rebalance.delay.ms": 0,
        # A broker that is gone is missed after four seconds: early for people who wait, late enough for a busy laptop.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 500,
        "message.max.bytes": 8 * MEBIBYTE,
        "replica.fetch.max.bytes": 8 * MEBIBYTE,
        # Played recordings have the timestamps of their own time, be it past or to come.
        "log.message.timestamp.after.max.ms": (1 << 63) - 1,
        "log.retention.ms": -1,
        "log.cleaner.dedupe.buffer.size": 16 * MEBIBYTE,
        "num.network.threads": 2,
        "num.io.threads": 4,
    }
