"""Anything that speaks MQTT: JSON messages by a small mapping."""

import asyncio
import re
import ssl
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import aiomqtt
from msgspec import Meta, Struct

from streams.sites.formats.mapping import TYPES, MappingError, Recipe, Rule, build, flaws, read
from streams.sites.source import (
    Complaint,
    Host,
    Outlet,
    Port,
    Sends,
    Source,
    SourceError,
    device_of,
    forward,
    missing_file,
    secret,
    zone_flaws,
)
from streams.telemetry.envelope import Telemetry, Text

WAITING, TOGETHER = 10_000, 500
"""Messages that may wait for the disk, beyond which more are dropped and told; and how many go there together."""


class Topic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A topic, and what its messages become; `{0}` in `device` is the topic's first level, `{1}` its second."""

    topic: Annotated[str, Meta(min_length=1, max_length=1024)]
    object: Text
    device: Text
    fields: dict[str, str | Rule]


class Mqtt(Source, frozen=True, kw_only=True, tag="mqtt"):
    """The messages of an MQTT broker."""

    host: Host = "127.0.0.1"
    port: Port = 1883
    tls: bool = False
    ca_file: Text | None = None
    username: Text | None = None
    password_file: Text | None = None
    timezone: Text | None = None
    map: Annotated[list[Topic], Meta(min_length=1)]

    def where(self) -> str:
        return f"mqtt{'s' if self.tls else ''}://{self.host}:{self.port}"

    def sends(self) -> Iterable[Sends]:
        for topic in self.map:
            yield Sends(topic.device, (topic.object,), f"at each message on {topic.topic}")

    def check(self, folder: Path) -> Iterator[Complaint]:
        if (self.username is None) != (self.password_file is None):
            yield Complaint("username", "username and password_file belong together; give both or neither")
        for field in ("ca_file", "password_file"):
            yield from missing_file(folder, field, getattr(self, field))
        yield from zone_flaws(self.timezone)
        for index, topic in enumerate(self.map):
            for field, text in flaws(topic.object, topic.fields):
                yield Complaint(f"map.{index}.{field}", text)
            levels = topic.topic.count("/") + 1
            if any(int(level) >= levels for level in re.findall(r"\{(\d+)\}", topic.device)) and "#" not in topic.topic:
                yield Complaint(f"map.{index}.device", f"{topic.topic} has the levels {{0}} to {{{levels - 1}}}")

    async def run(self, outlet: Outlet) -> None:
        password = secret(outlet.folder, self.password_file) if self.password_file else None
        context = ssl.create_default_context(cafile=self._ca(outlet)) if self.tls else None
        client = aiomqtt.Client(
            *(self.host, self.port),
            username=self.username,
            password=password,
            identifier=f"tocsin-{outlet.site}-{self.name}",
            clean_session=False,
            tls_context=context,
            keepalive=20,
            timeout=10.0,
            max_queued_incoming_messages=WAITING,
        )
        try:
            async with client, asyncio.TaskGroup() as group:
                for topic in self.map:
                    await client.subscribe(topic.topic, qos=1)
                group.create_task(_alive(outlet))
                while True:
                    batch = [await anext(client.messages)]
                    while len(client.messages) and len(batch) < TOGETHER:
                        batch.append(await anext(client.messages))
                    await forward(self._events(batch, outlet), outlet)
        except* aiomqtt.MqttError as errors:
            raise SourceError(f"the broker does not answer: {errors.exceptions[0]}") from errors

    def _events(self, messages: Iterable[aiomqtt.Message], outlet: Outlet) -> Iterator[Telemetry]:
        zone = ZoneInfo(self.timezone) if self.timezone else None
        for message in messages:
            name, payload = str(message.topic), message.payload
            raw = payload if isinstance(payload, bytes) else str(payload).encode()
            for topic in self.map:
                if message.topic.matches(topic.topic):
                    try:
                        yield event(topic, name, raw, outlet.site, outlet.now(), zone)
                    except MappingError as error:
                        outlet.refuse(f"{name}: {error}")

    def _ca(self, outlet: Outlet) -> Path | None:
        return outlet.folder / self.ca_file if self.ca_file else None


def event(topic: Topic, name: str, payload: bytes, site: str, now: datetime, zone: ZoneInfo | None) -> Telemetry:
    """Make an object of a message on the topic `name`.

    Raises
    ------
    MappingError
        When the mapping does not fit.
    """
    levels = name.split("/")
    device = re.sub(r"\{(\d{1,3})\}", lambda found: _level(levels, int(found[1])), topic.device)
    recipe = Recipe(kind=TYPES[topic.object], fields=topic.fields, zone=zone)
    return build(recipe, read(payload), {"site": site, "device": device_of(device), "time": now})


def _level(levels: list[str], index: int) -> str:
    return levels[index] if index < len(levels) else ""


async def _alive(outlet: Outlet) -> None:
    while True:
        outlet.alive()
        await asyncio.sleep(10.0)
