"""A heist drill: a shadow of a site is attacked on the live path, and what is noticed of it is timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import cramjam
import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams.incidents.model import Finding, Incident
from streams.local.outcome import Outcome
from streams.local.shadow import Shadow, ShadowError
from streams.local.simulator.scenarios import Label
from streams.offsets import watermarks
from streams.settings import Settings, librdkafka_config
from streams.telemetry.control import SITES, Policy, SiteProfile
from streams.telemetry.recording import Line
from streams.worker.clock import CLOCK, Tick, encode

WAIT = 30.0
"""Seconds that Kafka and the worker have to answer."""
READY_S = 5.0
"""Seconds before the attack at which the shadow has to be there."""
GRACE_S = 1800.0
"""Seconds after the attack's end in which it may still be noticed."""
LINGER_S = 3.0
"""Seconds for which something may still come of what was said last."""
TRIES = 4
WATCHED = ("findings", "incidents")
_finding = msgspec.json.Decoder(Finding).decode
_incident = msgspec.json.Decoder(Incident).decode
_profile = msgspec.json.Decoder(SiteProfile).decode

Say = Callable[[str], object]


class DrillError(Exception):
    """The drill can't go on; the message says what to do."""


class Drill:
    """One drill.

    Parameters
    ----------
    say
        Is told what happens, line by line.
    whole
        Play the attack to its end, and not only until it is noticed.
    """

    def __init__(
        self,
        settings: Settings,
        site: str,
        scenario: str,
        *,
        days: int,
        paging: bool,
        whole: bool,
        say: Say,
        going: Callable[[], bool],
    ) -> None:
        self._settings, self._site, self._scenario = settings, site, scenario
        self._days, self._whole = days, whole
        self._mode: Literal["quiet", "paging"] = "paging" if paging else "quiet"
        self._say, self._going = say, going
        self._refused: list[Any] = []
        self._begins = 0.0
        self._names: set[str] = set()
        self._open: set[str] = set()

    def run(self) -> Outcome:
        """Play it, and clean up whatever happens. Raises `DrillError`."""
        try:
            self._producer = Producer(librdkafka_config(self._settings, acks="all", partitioner="murmur2", log_level=0))
            with self._watching() as consumer:
                shadow = self._live(_policy(self._settings, self._site))
                label = shadow.label
                assert label is not None
                outcome = Outcome.of(self._site, self._scenario, shadow, label)
                self._names |= shadow.under_way.keys()
                self._open |= shadow.under_way.keys()
                try:
                    self._announce(shadow, consumer)
                    self._play(shadow, label, outcome, consumer)
                finally:
                    self._clean(shadow, outcome, consumer)
        except ShadowError as error:
            raise DrillError(str(error)) from error
        except KafkaException as error:
            raise DrillError(f"Kafka at {self._settings.brokers} does not answer: {error.args[0].str()}") from error
        return outcome

    # -- before ----------------------------------------------------------------------------------------------------

    def _live(self, policy: Policy | None) -> Shadow:
        """Let a shadow live up to now, in good time before it is attacked."""
        lead = READY_S + 5.0 * self._days
        for _ in range(TRIES):
            began = time.time()
            self._say(f"A shadow of {self._site} lives through {self._days} days …")
            self._begins = began + lead
            shadow = Shadow(self._site, self._scenario, self._begins, self._days, policy, self._mode)
            self._state = shadow.live(time.time)
            if time.time() < self._begins - READY_S:
                return shadow
            lead = 2.0 * (time.time() - began) + 2.0 * READY_S
        raise DrillError("this machine is too slow to live through so many days: give it less --days")

    def _announce(self, shadow: Shadow, consumer: Any) -> None:
        """Bring the shadow and its past into the log, and see that a worker goes on from there."""
        self._send(SITES, shadow.name, msgspec.json.encode(shadow.profile))
        seed = ((shadow.name, bytes(cramjam.zstd.compress(self._state, level=6))),)
        places: list[tuple[int, int]] = []
        self._send(CLOCK, shadow.name, encode([Tick(0.0, {}, seed=seed)]), places)
        self._flush()
        [(partition, offset)] = places
        until = time.monotonic() + WAIT
        while watermarks(consumer, CLOCK, partition, WAIT)[1] <= offset + 1:
            if time.monotonic() > until:
                raise DrillError("no worker makes ticks: is one running, by the wall clock (TOCSIN_CLOCK=wall)?")
            time.sleep(0.1)
        self._say(f"{shadow.name} is there; {self._scenario} begins in {self._begins - time.time():.0f} s.")

    # -- meanwhile -------------------------------------------------------------------------------------------------

    def _play(self, shadow: Shadow, label: Label, outcome: Outcome, consumer: Any) -> None:
        """Say what the shadow says, each at its time, and hear what comes of it."""
        lines, end = shadow.lines(), shadow.moved(label.end) + GRACE_S
        line: Line | None = next(lines, None)
        while self._going() and time.time() < end and not (outcome.noticed and not self._whole):
            while line is not None and (line.received or 0.0) <= time.time():
                self._send(line.topic, shadow.name, line.value)
                line = next(lines, None)
            self._producer.poll(0)
            self._check()
            due = (line.received or 0.0) - time.time() if line is not None else 0.2
            self._hear(consumer, shadow, outcome, min(max(due, 0.01), 0.2))
        outcome.finished = outcome.noticed or time.time() >= end

    def _hear(self, consumer: Any, shadow: Shadow, outcome: Outcome, patience: float) -> None:
        message = consumer.poll(patience)
        if message is None or message.error() is not None or not message.value():
            return
        at = message.timestamp()[1] / 1000
        if message.topic() == "findings" and message.key() == shadow.name.encode():
            self._found(_finding(message.value()), at, outcome)
        elif message.topic() == "incidents" and (message.key() or b"").startswith(shadow.name.encode()):
            self._changed(_incident(message.value()), at, outcome)

    def _found(self, finding: Finding, at: float, outcome: Outcome) -> None:
        self._say(f"{outcome.after(at):+8.1f} s  finding   {finding.detector}: {finding.summary}")
        outcome.found(finding, at)

    def _changed(self, incident: Incident, at: float, outcome: Outcome) -> None:
        self._names.add(incident.id)
        (self._open.discard if incident.status == "closed" else self._open.add)(incident.id)
        told = f"{incident.severity}, risk {incident.risk:.0%}: {incident.summary}"
        self._say(f"{outcome.after(at):+8.1f} s  incident  {told}")
        outcome.changed(incident, at)

    # -- after -----------------------------------------------------------------------------------------------------

    def _clean(self, shadow: Shadow, outcome: Outcome, consumer: Any) -> None:
        """Take the shadow away: its worker forgets it and ends its incident, and then nothing of it is left."""
        outcome.ended(time.time())
        self._flush()
        self._send(SITES, shadow.name, None)
        self._flush()
        began = time.monotonic()
        hush, self._say = self._say, lambda line: None
        while time.monotonic() < began + (WAIT if self._open else LINGER_S):
            self._hear(consumer, shadow, outcome, 0.2)
        for name in self._names - self._open:
            self._send("incidents", name, None)
        self._flush()
        left = f"; {', '.join(sorted(self._open))} did not end: no worker does its work" if self._open else ""
        hush(f"{shadow.name} is gone{left}.")

    # -- Kafka -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _watching(self) -> Iterator[Any]:
        """Read findings and incidents from their present end on."""
        config = {"group.id": "tocsin-drill", "enable.auto.commit": False, "fetch.wait.max.ms": 50, "log_level": 0}
        consumer = Consumer(librdkafka_config(self._settings, **config))
        try:
            known = consumer.list_topics(timeout=WAIT).topics
            if missing := [topic for topic in (*WATCHED, SITES, CLOCK) if topic not in known]:
                raise DrillError(f"no {', '.join(missing)} on {self._settings.brokers}: run `tocsin topics`")
            places = [TopicPartition(topic, number) for topic in WATCHED for number in known[topic].partitions]
            for at in places:
                at.offset = watermarks(consumer, at.topic, at.partition, WAIT)[1]
            consumer.assign(places)
            yield consumer
        finally:
            consumer.close()

    def _send(self, topic: str, key: str, value: bytes | None, places: list[tuple[int, int]] | None = None) -> None:
        def told(error: Any, message: Any) -> None:
            if error is not None:
                self._refused.append(error)
            elif places is not None:
                places.append((message.partition(), message.offset()))

        try:
            self._producer.produce(topic, value, key, on_delivery=told)
        except KafkaException as error:
            self._refused.append(error.args[0])

    def _flush(self) -> None:
        if self._producer.flush(WAIT):
            raise DrillError(f"Kafka at {self._settings.brokers} does not take the drill's records: is it up?")
        self._check()

    def _check(self) -> None:
        if self._refused:
            raise DrillError(f"Kafka refuses the drill's records: {self._refused[0].str()}; see `tocsin access drill`")


def _policy(settings: Settings, site: str) -> Policy | None:
    """Read the policy that the site declares, so that the drill shows what would happen by itself."""
    config = {"group.id": "tocsin-drill", "enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0}
    consumer = Consumer(librdkafka_config(settings, **{**config, "auto.offset.reset": "earliest"}))
    policy: Policy | None = None
    try:
        consumer.assign([TopicPartition(SITES, 0, 0)])
        while (message := consumer.poll(WAIT)) is not None and message.error() is None:
            if message.key() == site.encode():
                policy = _declared(message.value())
    finally:
        consumer.close()
    return policy


def _declared(value: bytes | None) -> Policy | None:
    try:
        return _profile(value or b"").policy
    except msgspec.MsgspecError:
        return None
