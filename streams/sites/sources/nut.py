"""UPSes: asks a NUT server (Network UPS Tools), and tells every change of state at once."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from streams.sites.formats.nut import cut_off, listing, reading, status, supply, unfed
from streams.sites.source import (
    Complaint,
    Host,
    Outlet,
    Period,
    Poll,
    Port,
    Sends,
    Source,
    SourceError,
    device_of,
    forward,
    missing_file,
    secret,
)
from streams.telemetry.envelope import Hertz, Text
from streams.telemetry.power import Feed

log = logging.getLogger("tocsin.gateway")

UpsName = Annotated[str, Meta(pattern=r"^[^\s\"\\]{1,64}(?!\n)$", description="as NUT's ups.conf names it")]
ANSWER_S = 5.0
LONGEST_LINE = 64 * 1024
MOST_LINES = 10_000
STARTING = "WAIT"
"""The flag of a driver that has not asked its UPS yet."""


class Nut(Source, frozen=True, kw_only=True, tag="nut"):
    """The UPSes of a NUT server.

    Written against NUT's protocol itself: it takes any bytes a vendor puts into a value, and is bounded. A UPS whose
    driver is gone or whose data is stale is not spoken for. `hertz` is the grid's frequency for those that don't
    measure it.
    """

    host: Host = "127.0.0.1"
    port: Port = 3493
    ups: list[UpsName] | None = None
    feed: Feed | None = None
    hertz: Hertz = 50.0
    username: Text | None = None
    password_file: Text | None = None
    poll_s: Poll = 2.0
    interval_s: Period = 60.0

    def where(self) -> str:
        return f"{self.host}:{self.port}"

    def sends(self) -> Iterable[Sends]:
        often = f"every {self.interval_s:g} s, and within {self.poll_s:g} s of each change of state"
        for ups in self.ups or ["every UPS of the server"]:
            types = ("power.status",) if self.feed is None else ("power.status", f"power.reading of {self.feed}")
            yield Sends(ups, types, often)

    def check(self, folder: Path) -> Iterator[Complaint]:
        if (self.username is None) != (self.password_file is None):
            yield Complaint("username", "username and password_file belong together; give both or neither")
        yield from missing_file(folder, "password_file", self.password_file)

    async def run(self, outlet: Outlet) -> None:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(self.host, self.port, limit=LONGEST_LINE)
        server = Server(reader, writer)
        try:
            if self.username is not None and self.password_file is not None:
                await server.ask(f"USERNAME {self.username}")
                await server.ask(f"PASSWORD {secret(outlet.folder, self.password_file)}")
            names = self.ups or list(await server.list("UPS"))
            if not names:
                raise SourceError("the NUT server knows no UPS; give it one in its ups.conf")
            polls = [_Poll(self, name, outlet) for name in names]
            while True:
                for poll in polls:
                    await poll.once(server)
                await asyncio.sleep(self.poll_s)
        finally:
            writer.close()


class Server:
    """A connection to upsd."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, command: str) -> str:
        """Send a command and return the first line of the answer.

        Raises
        ------
        UpsError
            When it is refused.
        """
        self._writer.write(f"{command}\n".encode())
        await self._writer.drain()
        answer = await self._line()
        if answer.startswith("ERR"):
            raise UpsError(f"{command.partition(' ')[0]}: {answer.removeprefix('ERR').strip()}")
        return answer

    async def list(self, what: str) -> dict[str, str]:
        """Ask for a list (`UPS`, `VAR ups-1`) and return it, last name to value."""
        await self.ask(f"LIST {what}")
        lines: list[str] = []
        while (line := await self._line()) != f"END LIST {what}":
            lines.append(line)
            if len(lines) > MOST_LINES:
                raise SourceError(f"the NUT server's list has more than {MOST_LINES} lines; is it one?")
        return listing(lines)

    async def _line(self) -> str:
        async with asyncio.timeout(ANSWER_S):
            try:
                line = await self._reader.readline()
            except ValueError as error:
                raise SourceError(f"the NUT server sent a line of more than {LONGEST_LINE} bytes") from error
        if not line.endswith(b"\n"):
            raise SourceError("the NUT server ended the connection")
        return line.decode("utf-8", "replace").rstrip("\r\n")


class UpsError(SourceError):
    """What upsd refuses with: DATA-STALE, DRIVER-NOT-CONNECTED, ACCESS-DENIED and others."""


class _Poll:
    """Asks for one UPS again and again, and publishes what is due."""

    def __init__(self, source: Nut, ups: str, outlet: Outlet) -> None:
        self._source = source
        self._ups = ups
        self._outlet = outlet
        self._due = 0.0
        self._last: tuple[object, ...] = ()
        self._fault = ""
        self._supply: dict[str, str] | None = None
        self._cut_off = 0
        self._told = False

    async def once(self, server: Server) -> None:
        try:
            variables = await server.list(f"VAR {self._ups}")
        except UpsError as error:
            if str(error) != self._fault:
                log.error("%s: UPS %s has fallen silent: %s.", self._source.name, self._ups, error)
            self._fault = str(error)
            self._last = ()
            return
        self._fault = ""
        self._outlet.alive()
        if variables.get("ups.status") != STARTING:
            await self._publish(variables)

    async def _publish(self, variables: Mapping[str, str]) -> None:
        variables = self._fed(variables)
        site, device, at = self._outlet.site, device_of(self._ups), self._outlet.now()
        state = status(variables, site, device, at)
        feed, hertz = self._source.feed, self._source.hertz
        measured = reading(variables, site, device, at, feed, hertz) if feed else None
        if state is None and measured is None and not self._told:
            self._told = True
            self._outlet.refuse(f"{self._ups} tells neither ups.status nor, for a feed, input.voltage: nothing is sent")
        alive = measured is not None and measured.frequency > 0.0
        now = (state.status if state else None, alive, measured is None)
        clock = asyncio.get_running_loop().time()
        if now == self._last and clock < self._due:
            return
        self._last, self._due = now, clock + self._source.interval_s
        await forward([event for event in (measured, state) if event is not None], self._outlet)

    def _fed(self, variables: Mapping[str, str]) -> Mapping[str, str]:
        """Believe the flags where they contradict the input.

        Many drivers renew the flags every other second and what they measure every half minute, some never: a UPS that
        is on battery for two looks and still shows the very input of before has none.
        """
        shown = supply(variables)
        if not cut_off(variables):
            self._supply, self._cut_off = shown, 0
            return variables
        self._cut_off += 1
        return unfed(variables) if self._cut_off > 1 and shown == self._supply else variables
