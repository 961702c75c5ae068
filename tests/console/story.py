"""The console as people meet it: real pages over real HTTP, real records in a real Kafka, incidents as given."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from confluent_kafka import Consumer, TopicPartition
from msgspec import json
from msgspec.structs import replace

from streams.console import people
from streams.console.app import build
from streams.console.console import Console
from streams.console.desk import Desk
from streams.console.feed import Feed
from streams.console.scribe import Scribe
from streams.incidents.model import Finding, Incident, Step, moment
from streams.offsets import watermarks
from streams.settings import Settings

NOW = datetime.now(UTC).replace(microsecond=0)
DUGNY, MITRY = "FR-93-DUGNY", "FR-77-MITRY"
STEP = Step(
    time=NOW - timedelta(minutes=9),
    domain="camera",
    device="cam-7",
    detector="camera.lost",
    summary="Camera cam-7 is dark.",
    score=0.8,
    stage="sight",
)


def incident(name: str = "i-1", site: str = DUGNY, **changes: Any) -> Incident:
    first = Incident(
        id=name,
        revision=1,
        site=site,
        status="open",
        severity="warning",
        pages=0,
        risk=0.6,
        domains=["camera"],
        opened=NOW - timedelta(minutes=9),
        updated=NOW - timedelta(minutes=8),
        closed=None,
        summary=f"{site}: Camera cam-7 is dark.",
        timeline=[STEP],
        verdict=None,
        stages=["sight"],
        expected=["supply", "alarm", "label", "goods", "egress"],
    )
    return replace(first, **changes)


def finding(step: Step = STEP, site: str = DUGNY, **evidence: Any) -> Finding:
    given = {name: getattr(step, name) for name in ("device", "domain", "detector", "time", "score", "summary")}
    return Finding(id="f", site=site, evidence=evidence, **given)


class Browser(httpx.AsyncClient):
    """Somebody at a browser that sends forms as they stand on the page."""

    page: httpx.Response

    async def open(self, path: str) -> httpx.Response:
        self.page = await self.get(path)
        return self.page

    def hidden(self, action: str) -> dict[str, str]:
        """Find the hidden fields of the form on the page that goes there."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', self.page.text, re.S)
        assert form, f"no form to {action}"
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]))

    async def submit(self, action: str, **fields: str) -> httpx.Response:
        """Fill in the form and send it."""
        self.page = await self.post(action, data=self.hidden(action) | fields)
        return self.page

    async def login(self, token: str) -> httpx.Response:
        await self.open("/login")
        return await self.submit("/login", token=token)


class Stand:
    """A running console.

    Attributes
    ----------
    ahead
        Seconds that its clocks run ahead.
    """

    def __init__(self, url: str, console: Console, users: Path) -> None:
        self.url = url
        self.console = console
        self.desk = console.desk
        self.users = users
        self.ahead = 0.0

    def add(self, name: str, role: people.Role = "analyst", *sites: str) -> str:
        """Make a user; returns the token."""
        return people.add(self.users, name, role, sites)

    async def hears(self, incident: str = "", site: str = DUGNY, entries: int = 1) -> None:
        """Wait until the audit trail has so many entries, of an incident or of a site."""

        def there() -> bool:
            return sum(entry.incident == incident for entry in self.desk.trail([site])) >= entries

        assert await self.console.feed.until(there, 15)

    def browser(self) -> Browser:
        return Browser(base_url=self.url, follow_redirects=False, trust_env=False, timeout=30)

    @asynccontextmanager
    async def someone(self, name: str = "ana", role: people.Role = "analyst", *sites: str) -> AsyncIterator[Browser]:
        """Somebody new, logged in."""
        async with self.browser() as browser:
            answer = await browser.login(self.add(name, role, *sites))
            assert answer.status_code == 303, answer.text
            yield browser


@asynccontextmanager
async def stand(
    kafka: str, folder: Path, *incidents: Incident, follow: bool = False, **given: Any
) -> AsyncIterator[Stand]:
    """Run a console; it knows these incidents, and where `follow` says so what Kafka has as well."""
    users = folder / f"users-{secrets.token_hex(4)}.toml"
    settings = Settings(brokers=kafka, console_users=str(users), **given)
    feed = Feed(Desk())
    feed.ready = True
    for each in incidents:
        feed.desk.put(each)
    loop = asyncio.get_running_loop()
    here: list[Stand] = []

    def ahead() -> float:
        return here[0].ahead if here else 0.0

    def now() -> datetime:
        return moment(time.time() + ahead())

    console = Console(settings, feed, Scribe(settings), now, lambda: loop.time() + ahead())
    console.patience_s = 0.2  # there is no worker that would answer
    runner = web.AppRunner(build(console), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reading = asyncio.ensure_future(feed.run(settings)) if follow else None
    here.append(Stand(f"http://127.0.0.1:{runner.addresses[0][1]}", console, users))
    try:
        yield here[0]
    finally:
        if reading:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        await runner.cleanup()


def records(kafka: str, topic: str) -> list[tuple[str, dict[str, Any]]]:
    """Read everything on a control topic: keys and values."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "reader", "enable.auto.commit": False})
    place = TopicPartition(topic, 0, 0)
    try:
        end = watermarks(consumer, place.topic, place.partition, 10)[1]
        consumer.assign([place])
        found: list[tuple[str, dict[str, Any]]] = []
        while len(found) < end:
            message = consumer.poll(10)
            assert message is not None and message.error() is None
            key, value = message.key(), message.value()
            assert key is not None and value is not None
            found.append((key.decode(), json.decode(value)))
        return found
    finally:
        consumer.close()
