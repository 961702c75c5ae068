"""From Kafka to the desk: each record to where it belongs, and a word to those who wait for a change."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from msgspec import DecodeError, ValidationError, json

from streams import metrics
from streams.alerts import topic
from streams.alerts.topic import CaughtUp
from streams.console.desk import Desk
from streams.incidents.model import Finding, Incident
from streams.settings import Settings
from streams.telemetry import control
from streams.telemetry.control import Action, Confirmation, Forget, Maintenance, SiteProfile, Verdict
from streams.telemetry.decode import decode_control
from streams.telemetry.refusal import Refusal

log = logging.getLogger("tocsin.console")

FINDINGS = "findings"
CONTROLS = (control.SITES, control.MAINTENANCE, control.VERDICTS, control.ACTIONS)
TOPICS = (topic.TOPIC, FINDINGS, *CONTROLS)
GROUP = "tocsin-console"
_finding = json.Decoder(Finding).decode


class Feed:
    """Keeps a desk up to date."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ready = False
        """Everything that stood in the topics at the start is on the desk."""
        self._news = asyncio.Condition()

    def unready(self) -> str | None:
        """Say why it is not yet of use; None when it is."""
        return None if self.ready else "reading the incidents so far"

    async def run(self, settings: Settings) -> None:
        """Follow the topics until cancelled; raises `TopicError` when they can't be read."""
        async with aclosing(topic.follow(settings, TOPICS, GROUP)) as messages:
            async for message in messages:
                if isinstance(message, CaughtUp):
                    self.ready = True
                else:
                    self.take(message)
                async with self._news:
                    self._news.notify_all()

    async def until(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so on the desk; returns whether it came to be in time."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(happened)
        except TimeoutError:
            return False
        return True

    def take(self, message: Any) -> None:
        """Take one record; what can't be read is logged and left out, as the worker does."""
        name, value = message.topic(), message.value()
        if name == topic.TOPIC:
            incident = topic.read_incident(message)
            if isinstance(incident, Incident):
                self.desk.put(incident)
        elif name == FINDINGS:
            try:
                self.desk.find(_finding(value or b""))
            except (DecodeError, ValidationError) as error:
                log.error("Left out what is no finding at offset %d: %s", message.offset(), error)
                metrics.CONSOLE_UNREADABLE.inc()
        else:
            said = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
            number = f"{name}/{message.partition()}/{message.offset()}"
            self._control(decode_control(name, message.key(), value), said, number)

    def _control(self, record: control.Control | Refusal | None, said: datetime, number: str) -> None:
        match record:
            case SiteProfile():
                self.desk.profile(record)
            case Action():
                self.desk.act(record)
            case Confirmation():
                self.desk.confirm(record)
            case Verdict():
                self.desk.judge(record, number)
            case Maintenance():
                self.desk.maintain(record, said, number)
            case Forget(control.MAINTENANCE, key):
                self.desk.forget(key, said, number)
            case Refusal():
                log.warning("Left out %s, which is refused: %s", number, record.reason)
                metrics.CONSOLE_UNREADABLE.inc()
            case _:
                return
