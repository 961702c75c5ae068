"""The actuator's loop: read commands, carry out each at most once, confirm, and only then note that it was read."""

import logging
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from streams import metrics
from streams.incidents.model import Command, Outcome
from streams.offsets import offsets_at, watermarks
from streams.settings import Settings, librdkafka_config
from streams.sites.actuator.hand import Hand, Result
from streams.sites.actuator.journal import Entry, Journal
from streams.telemetry.control import ACTIONS, Confirmation

log = logging.getLogger("tocsin.actuate")

COMMANDS = "commands"
PATIENCE = 30.0
"""Seconds to wait for Kafka at the start."""
INTERRUPTED = "begun, and not known to have ended: see to it by hand"
_COMMAND = msgspec.json.Decoder(Command)


class ActuatorError(Exception):
    """It can't go on; the message says what to do."""


class Actuator:
    """Carries out the commands of some sites.

    Parameters
    ----------
    sites
        Whose commands.
    hand
        How.
    name
        By whom they are confirmed.
    advised
        Whether what is merely advised is carried out, too.
    timeout
        Seconds that one may take.
    oldest
        Seconds after which a command is not carried out any more; what was right then need not be so now.
    """

    def __init__(
        self,
        settings: Settings,
        sites: Collection[str],
        hand: Hand,
        journal: Journal,
        *,
        name: str,
        advised: bool,
        timeout: float,
        oldest: float,
    ) -> None:
        self._sites = frozenset(sites)
        self._hand = hand
        self._journal = journal
        self._name = name
        self._advised = advised
        self._timeout = timeout
        self._oldest = oldest
        self._reading = False
        self._producer = Producer(librdkafka_config(settings, **{"enable.idempotence": True, "log_level": 0}))
        self._consumer = Consumer(
            librdkafka_config(
                settings,
                **{
                    "group.id": "tocsin-actuator",  # asked for by the library; nothing joins or commits
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "fetch.wait.max.ms": 100,
                    "error_cb": lambda error: log.warning("Kafka at %s: %s", settings.brokers, error.str()),
                    "log_level": 0,
                },
            )
        )

    def unready(self) -> str | None:
        """Say why it is not yet of use; None when it is."""
        return None if self._reading else "looking where to read on"

    def run(self, going: Callable[[], bool]) -> None:
        """Work for as long as `going` says so. Raises `ActuatorError`."""
        try:
            self._consumer.assign(self._starts())
            self._reading = True
            log.info("carries out the commands of %s", ", ".join(sorted(self._sites)))
            while going():
                message: Any = self._consumer.poll(0.2)
                if message is None:
                    continue
                if message.error() is not None:
                    self._complain(message.error())
                elif self._take(message, going):
                    self._journal.reached(message.partition(), message.offset() + 1)
        except KafkaException as error:
            raise ActuatorError(f"Kafka does not answer: {error.args[0].str()}") from error
        finally:
            self._consumer.close()

    def _starts(self) -> list[Any]:
        """Say where to read on: where the journal ends, and for a new one at what is not too old yet."""
        found = self._consumer.list_topics(COMMANDS, timeout=PATIENCE).topics[COMMANDS]
        if found.error is not None or not found.partitions:
            raise ActuatorError(f"there is no topic {COMMANDS!r}: run `tocsin topics`")
        known = self._journal.places()
        since = int((time.time() - self._oldest) * 1000)
        fresh = [TopicPartition(COMMANDS, number, since) for number in found.partitions if number not in known]
        starts = [TopicPartition(COMMANDS, number, offset) for number, offset in known.items()]
        for at in offsets_at(self._consumer, fresh, PATIENCE):
            # Where there is nothing so new, the end as it is now: what comes from here on is not missed.
            _, end = watermarks(self._consumer, COMMANDS, at.partition, PATIENCE)
            starts.append(TopicPartition(COMMANDS, at.partition, at.offset if at.offset >= 0 else end))
        return starts

    def _take(self, message: Any, going: Callable[[], bool]) -> bool:
        """See to one record; returns whether it need not be read again."""
        try:
            command = _COMMAND.decode(message.value() or b"")
        except msgspec.MsgspecError as error:
            log.error("no command in partition %d, offset %d: %s", message.partition(), message.offset(), error)
            return True
        if command.site not in self._sites:
            return True
        if command.mode == "advised" and not self._advised:
            log.info("%s is merely advised", command.id)
            return True
        return self._confirm(command, self._carry_out(command, message.value()), going)

    def _carry_out(self, command: Command, body: bytes) -> Entry:
        """Carry a command out unless that was begun before, and return what became of it."""
        now = time.time()
        if self._journal.begin(command.id, now):
            age = now - command.time.timestamp()
            if age > self._oldest:
                result = Result(False, f"not carried out: it is {age / 60:.0f} min old")
            else:
                log.info("carries out %s", command.id)
                result = self._hand.act(command, body, self._timeout)
            self._end(command, result)
        elif self._journal.entry(command.id).outcome is None:
            self._end(command, Result(False, INTERRUPTED))
        return self._journal.entry(command.id)

    def _end(self, command: Command, result: Result) -> None:
        log.log(logging.INFO if result.done else logging.ERROR, "%s: %s", command.id, result)
        outcome: Outcome = "done" if result.done else "failed"
        self._journal.end(command.id, outcome, result.note, time.time())
        metrics.CARRIED_OUT.labels(outcome).inc()

    def _confirm(self, command: Command, entry: Entry, going: Callable[[], bool]) -> bool:
        """Say what became of it, again and again until Kafka has it; returns whether it has."""
        told = Confirmation(
            id=f"{command.id}-{self._name}",
            site=command.site,
            command=command.id,
            by=self._name,
            time=datetime.fromtimestamp(round(entry.ended or 0.0, 3), UTC),
            outcome=entry.outcome or "failed",
            note=entry.note or None,
        )
        answers: list[Any] = []
        value = msgspec.json.encode(told)
        try:
            self._producer.produce(ACTIONS, value, command.site, on_delivery=lambda error, _: answers.append(error))
        except KafkaException as error:
            answers.append(error.args[0])
        while not answers and going():
            self._producer.poll(0.2)
        if answers and answers[0] is not None:
            raise ActuatorError(f"Kafka does not take the confirmation of {command.id}: {answers[0].str()}")
        return bool(answers)

    def _complain(self, error: Any) -> None:
        if error.fatal() or not error.retriable():
            raise ActuatorError(f"the topic {COMMANDS!r} can't be read any more: {error.str()}")
        log.warning("reading: %s", error.str())
