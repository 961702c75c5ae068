"""The publisher: what a site's equipment says goes to the platform through bad lines, once and in order."""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Literal

from msgspec.structs import replace

from streams.settings import Settings, SettingsError
from streams.sites.heartbeat import Heartbeat
from streams.sites.intake import Group, Intake
from streams.sites.publishing import Publishing
from streams.sites.sender import Sender
from streams.sites.spool import Spool
from streams.sites.wire import Object, RefusedError, read
from streams.telemetry.envelope import SITE_PATTERN, Telemetry
from streams.telemetry.refusal import shown

log = logging.getLogger("tocsin.publisher")

AT_ONCE = 200
"""Objects that are read before they are put into the spool together."""
SPOOL_BYTES = 1 << 30
MEMORY_BYTES = 64 << 20

Given = Telemetry | dict[str, Any] | bytes | str
"""A struct of `streams.telemetry`, a dict, or the JSON of one object."""


class PublishError(Exception):
    """What was to be published did not get to Kafka and is kept nowhere; the message says how much and why."""


class Publisher:
    """Publishes one site's telemetry.

    What `publish` has taken is on the disk, and reaches Kafka whatever happens to this process, the power or the line:
    in order, and, since a repeat has its sequence and time again, once after the gate. Use it as a context manager,
    plain or `async`; threads and event loops may share it. A spool serves one process at a time.

    Parameters
    ----------
    site
        The site's id; an object of another is refused.
    settings, brokers
        Where Kafka is and how to log in; `TOCSIN_*` of the environment when None. `brokers` overrides the addresses.
    spool
        A folder of this site's own. Without one, what is not acknowledged is lost with the process, `publish` returns
        before anything is safe, and sequence numbers begin anew at each start.
    topic
        The site's own topic, `in.<SITE>`; each domain's `telemetry.*`, of a cluster that trusts the site, when None.
    spool_bytes
        How many bytes of objects are kept while Kafka is away: 1 GiB on the disk, 64 MiB in memory.
    full
        What happens then. `drop_oldest` (the default with a spool) gives up the oldest objects, counts them in `lost`
        and in the metrics, and logs it; `wait` (the default without) lets `publish` wait for room.
    linger_s
        How long the first object of a record waits for others.
    heartbeat_s
        Seconds between `alarm.heartbeat`s of its own, under the device `name`, by which the platform misses it when it
        is gone. 0, for what does not run all day: none.

    Raises
    ------
    SpoolError, SettingsError
        When the spool or the settings can't be used.
    """

    def __init__(
        self,
        site: str,
        *,
        settings: Settings | None = None,
        brokers: str | None = None,
        spool: Path | None = None,
        topic: str | None = None,
        spool_bytes: int | None = None,
        full: Literal["drop_oldest", "wait"] | None = None,
        linger_s: float = 0.03,
        heartbeat_s: float = 60.0,
        name: str = "publisher",
    ) -> None:
        settings = settings or Settings.from_env()
        settings = replace(settings, brokers=brokers or settings.brokers)
        settings.check()
        if not re.search(SITE_PATTERN, site):
            raise SettingsError(f"`{shown(site)}` is no site id: 3 to 32 of A-Z, 0-9 and -")
        self.site = site
        self._safe = spool is not None
        self._closed = False
        self._moved = Event()
        self._shown = Publishing(site)
        self._spool = Spool(spool, site, spool_bytes or (SPOOL_BYTES if spool else MEMORY_BYTES))
        self._sender = Sender(site, topic, settings, self._spool, linger_s, self._acknowledged)
        self._intake = Intake(self._spool, full == "wait" or (full is None and spool is None), self._kept)
        self._heartbeat = Heartbeat(site, name, heartbeat_s, self.publish)

    @property
    def pending(self) -> int:
        """Objects that Kafka has not acknowledged yet."""
        return self._intake.count + self._spool.unacknowledged

    @property
    def lost(self) -> int:
        """Objects that this spool has ever given up because it was full."""
        return self._spool.lost

    @property
    def problem(self) -> str:
        """Why Kafka takes nothing at the moment; empty when it does."""
        return self._sender.problem

    def publish(self, event: Given) -> None:
        """Publish one object; with a spool, it is on the disk when this returns.

        Waiting for the disk takes a millisecond or so, which `publish_all`, threads and `publish_async` share.

        Raises
        ------
        RefusedError
            The platform would not take the object; nothing of it is kept. It names the field and the reason.
        SpoolError
            The spool could not keep the object.
        """
        found = self._read(event)
        group = self._put([(found, event)])
        if self._safe:
            group.kept.result()

    def publish_all(self, events: Iterable[Given], refuse: Callable[[int, RefusedError], object] | None = None) -> int:
        """Publish many objects and answer how many were taken; with a spool, they are on the disk when this returns.

        `refuse` is told the index of each object that is refused, and why. Without it, the first that is refused ends
        this with `RefusedError`; those before it are published.
        """
        taken, groups = 0, set[Group]()
        some: list[tuple[Object, Given]] = []
        failure: RefusedError | None = None
        now = time.time()
        for index, event in enumerate(events):
            try:
                some.append((read(self.site, event, now), event))
            except RefusedError as error:
                self._shown.refused(error.refusal.code)
                if refuse is None:
                    failure = error
                    break
                refuse(index, error)
            if len(some) >= AT_ONCE:
                groups.add(self._put(some))
                taken, some, now = taken + len(some), [], time.time()
        if some:
            groups.add(self._put(some))
        for group in groups if self._safe else ():
            group.kept.result()
        if failure is not None:
            raise failure
        return taken + len(some)

    def _put(self, some: list[tuple[Object, Given]]) -> Group:
        self._intake.wait_for_room(self._going)
        return self._intake.put(some)

    async def publish_async(self, event: Given) -> None:
        """Publish one object, as `publish` does, without holding up the event loop."""
        found = self._read(event)
        while not self._intake.room:
            self._going()
            await asyncio.sleep(0.02)
        group = self._intake.put([(found, event)])
        if self._safe:
            await group.wait()

    def flush(self, timeout_s: float = 30.0) -> int:
        """Wait until Kafka has acknowledged everything, at most so long; answer how many objects are still pending."""
        end = time.monotonic() + timeout_s
        while self.pending and (left := end - time.monotonic()) > 0:
            self._going()
            self._moved.wait(min(left, 0.1))
            self._moved.clear()
        return self.pending

    def close(self, timeout_s: float = 5.0) -> None:
        """Flush, at most so long, and end. What a spool still holds goes out at the next start.

        Raises
        ------
        PublishError
            There is no spool and not everything was acknowledged.
        """
        if self._closed:
            return
        self._closed = True
        self._heartbeat.stop()
        try:
            left = self.flush(timeout_s)
        finally:
            self._intake.close()
            self._sender.stop()
            self._spool.close()
        if left and not self._safe:
            raise PublishError(f"{left} objects did not get to Kafka within {timeout_s:g} s: {self.problem}")

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> "Publisher":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def _read(self, event: Given) -> Any:
        try:
            return read(self.site, event, time.time())
        except RefusedError as error:
            self._shown.refused(error.refusal.code)
            raise

    def _going(self) -> None:
        """Raise what has ended the sender, which nothing should."""
        if self._sender.failure is not None:
            raise RuntimeError("the publisher's sender has ended") from self._sender.failure

    def _acknowledged(self, objects: int) -> None:
        self._shown.acknowledged(objects)
        self._show()
        self._moved.set()

    def _kept(self) -> None:
        self._sender.news.set()
        self._show()

    def _show(self) -> None:
        self._shown.spool(self._spool.unacknowledged, self._spool.bytes, self._spool.lost)
