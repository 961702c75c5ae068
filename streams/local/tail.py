"""Follows what the platform publishes, for a screen: the newest findings, and every incident as it stands."""

import itertools
from collections import deque
from threading import Event, Thread
from types import TracebackType
from uuid import uuid4

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from streams.incidents.model import Finding, Incident
from streams.settings import Settings, librdkafka_config

TOPICS = ("findings", "incidents", "dead-letters")
WAIT = 10.0


class Tail:
    """Reads `findings`, `incidents` and `dead-letters` from their beginning, in a thread of its own.

    Attributes
    ----------
    incidents
        Each incident by id, in its newest revision.
    recent
        The newest findings, the last one last.
    findings, refused
        How many there were of each.
    revisions
        Every revision, by incident id and number.
    first_paged
        For each incident that paged, the revision with which it did so.
    """

    def __init__(self, settings: Settings) -> None:
        self.incidents: dict[str, Incident] = {}
        self.revisions: dict[tuple[str, int], Incident] = {}
        self.first_paged: dict[str, Incident] = {}
        self.recent: deque[Finding] = deque(maxlen=8)
        self.findings = self.refused = 0
        self._seen: set[str] = set()
        self._config = librdkafka_config(settings, **{"group.id": f"tail-{uuid4()}", "enable.auto.commit": False})
        self._ended = Event()
        self._thread = Thread(target=self._follow, name="tail", daemon=True)

    def __enter__(self) -> "Tail":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(WAIT)

    def _follow(self) -> None:
        consumer = Consumer(self._config)
        try:
            known = consumer.list_topics(timeout=WAIT).topics
            places = itertools.chain.from_iterable(
                [TopicPartition(topic, part, OFFSET_BEGINNING) for part in known[topic].partitions] for topic in TOPICS
            )
            consumer.assign(list(places))
            while not self._ended.is_set():
                for message in consumer.consume(500, 0.1):
                    if message.error() is None:
                        self._take(message.topic() or "", message.value())
        finally:
            consumer.close()

    def _take(self, topic: str, value: bytes | None) -> None:
        if topic == "dead-letters":
            self.refused += 1
        elif value is None:
            return
        elif topic == "findings":
            finding = msgspec.json.decode(value, type=Finding)
            if finding.id not in self._seen:
                self._seen.add(finding.id)
                self.findings += 1
                self.recent.append(finding)
        else:
            incident = msgspec.json.decode(value, type=Incident)
            self.revisions[incident.id, incident.revision] = incident
            known = self.incidents.get(incident.id)
            if known is None or incident.revision > known.revision:
                self.incidents[incident.id] = incident
            if incident.pages == 1 and incident.id not in self.first_paged:
                self.first_paged[incident.id] = incident
