"""The platform's topics: which there are, how each is kept, and whether a cluster has them as they must be."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType
from msgspec import Struct

from streams.settings import Settings, librdkafka_config

TELEMETRY_BYTES = 4 << 20
"""A record far beyond the contract's 1 MiB still lands, so that it is refused where people see it: as a dead letter."""
WAIT = 30.0  # seconds, for an answer and for new topics to be there
LOOK = 2.0  # seconds, for a first sign of life
HANGS_UP = "it hangs up: one that wants log-ins and TLS is told so by TOCSIN_SECURITY_PROTOCOL"
REFUSED = ("_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED")


class TopicsError(Exception):
    """The topics are not as they must be, or can't be made so; the message says what to do."""


class Topic(Struct, frozen=True):
    """How one topic is kept.

    Attributes
    ----------
    spread
        As many partitions as the settings say; else exactly one.
    together
        Partitioned exactly like the other such topics: a site's records of all of them meet in one worker.
    compact
        The latest record of each key stays for ever; else records go after `hours`.
    hours
        0: never; None: after `TOCSIN_RETENTION_H`.
    superseded_hours
        How long a compact topic of one partition keeps what a later record replaces.
    """

    name: str
    meaning: str
    spread: bool = True
    together: bool = False
    compact: bool = False
    hours: float | None = 0
    superseded_hours: float = 24
    max_bytes: int = 1 << 20

    def config(self, settings: Settings) -> dict[str, str]:
        """Make the topic's configuration; what a player plays is as old as it is, and goes with no age."""
        hours = settings.retention_h if self.hours is None else self.hours
        ages = hours > 0 and not self.compact and settings.clock == "wall"
        config = {
            "cleanup.policy": "compact" if self.compact else "delete",
            "retention.ms": str(int(hours * 3_600_000) if ages else -1),
            "max.message.bytes": str(self.max_bytes),
            "min.insync.replicas": str(min(2, max(1, settings.replication - 1))),
            "message.timestamp.after.max.ms": str(
                (1 << 63) - 1
            ),  # a site's clock may be wrong; the worker judges times
        }
        if self.compact and not self.spread:  # what a worker reads again is answered as it was
            config["min.compaction.lag.ms"] = str(int(self.superseded_hours * 3_600_000))
        if self.compact and self.spread:  # written all day: compact early, or a restart has to read it all
            config |= {"segment.bytes": str(32 << 20), "min.cleanable.dirty.ratio": "0.1"}
        return config


_telemetry = partial(Topic, together=True, hours=None, max_bytes=TELEMETRY_BYTES)
_control = partial(Topic, spread=False, compact=True)
_trail = partial(_control, superseded_hours=2 * 366 * 24)  # who said what is asked long after it was replaced
TOPICS = (
    _telemetry("telemetry.power", "feeds and UPS"),
    _telemetry("telemetry.alarm", "heartbeats and signals of alarm panels"),
    _telemetry("telemetry.camera", "cameras and recorders"),
    _telemetry("telemetry.rfid", "tags read, written and counted"),
    _telemetry("telemetry.shipment", "plans, gates, loads and departures"),
    Topic("control.clock", "ticks: the order of everything", together=True, hours=None),
    Topic("tocsin.state", "snapshots of the workers' state", together=True, compact=True, max_bytes=TELEMETRY_BYTES),
    Topic("tocsin.facts", "what sites tell each other", spread=False, hours=240),
    _control("control.sites", "profiles of sites"),
    _trail("control.maintenance", "announced work"),
    _control("control.items", "registered items"),
    _trail("control.verdicts", "people's verdicts on incidents"),
    Topic("control.actions", "what people and actuators did about incidents", spread=False),
    _control("control.watchlist", "plates and tags to watch for"),
    Topic("findings", "what detectors saw", hours=720),
    Topic("incidents", "incidents, at every change", compact=True, max_bytes=TELEMETRY_BYTES),
    Topic("commands", "what sites are told to do", hours=720),
    Topic("dead-letters", "refused telemetry, untouched", hours=720, max_bytes=5 << 20),
    Topic("evidence", "sealed links of sites' hash chains"),
)


class Row(NamedTuple):
    """One topic as a cluster has it: 0 partitions when it is missing, `problem` empty when all is well."""

    topic: Topic
    partitions: int = 0
    replication: int = 0
    headless: int = 0
    policy: str = ""
    max_bytes: int = 0
    problem: str = ""


def wait_for_kafka(settings: Settings, seconds: float, tell: Callable[[str], object]) -> None:
    """Wait until Kafka answers: it may be starting, or be fetched first. `tell` hears why it does not, again and again.

    Raises `TopicsError` when it does not answer in time, and at once where waiting can't help: it lets nobody in so.
    """
    heard: list[Any] = []
    client = AdminClient(librdkafka_config(settings, log_level=0, error_cb=heard.append))
    end, reason = time.monotonic() + seconds, ""
    while True:
        try:
            client.list_topics(timeout=LOOK)
            return
        except KafkaException as error:
            client.poll(0)
            refused = [one for one in heard if one.name() in REFUSED]
            said = [one.str() for one in heard if one.name() != "_ALL_BROKERS_DOWN"]
            reasons = [reason for reason in said if "Disconnected while requesting ApiVersion" not in reason]
            reason = reasons[-1] if reasons else HANGS_UP if heard else reason or error.args[0].str()
            heard.clear()
            if refused:
                raise TopicsError(f"Kafka at {settings.brokers} does not let us in: {refused[-1].str()}") from error
            if time.monotonic() >= end:
                raise TopicsError(_silent(settings, reason)) from error
            tell(reason)
            time.sleep(0.2)


def _silent(settings: Settings, reason: str) -> str:
    return (
        f"Kafka does not answer at {settings.brokers} ({reason}): "
        "start one with `tocsin broker`, or name yours with --brokers or TOCSIN_BROKERS"
    )


def look(settings: Settings) -> list[Row]:
    """Look at every topic of the platform; raises `TopicsError` when Kafka does not answer."""
    client = AdminClient(librdkafka_config(settings, log_level=0))
    try:
        known = client.list_topics(timeout=WAIT / 3).topics
        there = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in TOPICS if topic.name in known]
        asked = client.describe_configs(there, request_timeout=WAIT) if there else {}
        configs = {resource.name: answer.result() for resource, answer in asked.items()}
    except KafkaException as error:
        raise TopicsError(_silent(settings, error.args[0].str())) from error
    rows = [_row(topic, known.get(topic.name), configs.get(topic.name)) for topic in TOPICS]
    return [row._replace(problem=_problem(row, usual_count(rows))) for row in rows]


def usual_count(rows: list[Row]) -> int:
    """Return the partition count that most of the topics have that must have the same; 0 when none is there."""
    counts = Counter(row.partitions for row in rows if row.topic.together and row.partitions)
    return counts.most_common(1)[0][0] if counts else 0


def _row(topic: Topic, found: Any, config: Any) -> Row:
    if found is None:
        return Row(topic)
    parts = found.partitions.values()
    return Row(
        topic,
        partitions=len(parts),
        replication=min((len(part.replicas) for part in parts), default=0),
        headless=sum(part.leader < 0 for part in parts),
        policy=config["cleanup.policy"].value,
        max_bytes=int(config["max.message.bytes"].value),
    )


def _problem(row: Row, usual: int) -> str:
    """Say what is wrong with a topic, and what to do."""
    topic = row.topic
    if not row.partitions:
        return "missing: run `tocsin topics`"
    if topic.together and row.partitions != usual:
        return (
            f"{row.partitions} partitions, the others have {usual}: a site's telemetry would not meet in one worker. "
            "Stop the workers, delete this topic, and run `tocsin topics`"
        )
    if not topic.spread and row.partitions != 1:
        return (
            f"{row.partitions} partitions, must be 1: every worker reads it whole and in order. "
            "Save what it holds, delete it, and run `tocsin topics`"
        )
    alter = f"Set it: kafka-configs --bootstrap-server … --alter --topic {topic.name} --add-config"
    policy = "compact" if topic.compact else "delete"
    if row.policy != policy:
        loss = "its latest records must stay for ever" if topic.compact else "every record of it counts"
        return f"cleanup.policy={row.policy}: {loss}. {alter} cleanup.policy={policy}"
    if row.max_bytes < topic.max_bytes:
        return f"max.message.bytes={row.max_bytes} is too little. {alter} max.message.bytes={topic.max_bytes}"
    return f"{row.headless} partitions have no leader: are all brokers up?" if row.headless else ""


def create(settings: Settings) -> list[Row]:
    """Create the topics that are missing, like their fellows, and return all as they are then, good or bad."""
    rows = _settled(settings, lambda row: row.headless > 0)
    missing = [row.topic for row in rows if not row.partitions]
    if not missing or any(row.problem for row in rows if row.partitions):
        return rows
    spread = usual_count(rows) or settings.partitions
    wanted = [
        NewTopic(topic.name, spread if topic.spread else 1, settings.replication, config=topic.config(settings))
        for topic in missing
    ]
    admin = AdminClient(librdkafka_config(settings, log_level=0))  # the answers come only while it lives
    for name, answer in admin.create_topics(wanted, request_timeout=WAIT).items():
        try:
            answer.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicsError(_refused(name, error.args[0], settings)) from error
    return _settled(settings, lambda row: row.headless > 0 or not row.partitions)


def _settled(settings: Settings, unsettled: Callable[[Row], bool]) -> list[Row]:
    """Look until nothing is on its way any more: brokers hear of new topics one by one."""
    end = time.monotonic() + WAIT
    while any(map(unsettled, rows := look(settings))) and time.monotonic() < end:
        time.sleep(0.1)
    return rows


def _refused(name: str, error: Any, settings: Settings) -> str:
    if error.code() == KafkaError.INVALID_REPLICATION_FACTOR:
        return f"{name}: there are fewer than {settings.replication} brokers; lower TOCSIN_REPLICATION or --replication"
    return f"{name} could not be created: {error.str()}"


def ensure(settings: Settings) -> int:
    """Create the missing topics and return how many partitions telemetry has; raises `TopicsError` if any is wrong."""
    rows = create(settings)
    if wrong := [f"{row.topic.name}: {row.problem}" for row in rows if row.problem]:
        raise TopicsError("\n".join(wrong))
    return usual_count(rows)
