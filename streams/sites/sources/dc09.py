"""Alarm panels: a receiver of SIA DC-09 (SIA-DCS and Contact ID) over TCP and UDP, plain or encrypted."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from streams.sites.receiver import Datagrams, Panel, Receiver
from streams.sites.source import LOOPBACK, Complaint, Host, Outlet, Port, Sends, Source, missing_file, secret
from streams.telemetry.envelope import Device, Text


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One panel, by the account number that it sends."""

    id: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{3,16}(?!\n)$", description="account number, 3 to 16 hex digits")]
    device: Device
    key_file: Text | None = None


class Dc09(Source, frozen=True, kw_only=True, tag="dc09"):
    """A receiver of alarm panels' messages, by SIA DC-09.

    A message is acknowledged once it is safe on disk. A damaged one gets no answer, so that it is sent again; one with
    a wrong time gets NAK with the right time; one that can't be taken gets DUH.
    """

    host: Host = "127.0.0.1"
    port: Port = 12128
    transports: tuple[Literal["tcp", "udp"], ...] = ("tcp", "udp")
    plain_text: bool = False
    account: Annotated[list[Account], Meta(min_length=1)]

    def where(self) -> str:
        return f"{'+'.join(self.transports)} {self.host}:{self.port}"

    def sends(self) -> Iterable[Sends]:
        for account in self.account:
            sort = "encrypted" if account.key_file else "plain"
            yield Sends(account.device, ("alarm.signal",), f"at each {sort} message of account {account.id}")
            yield Sends(f"{account.device}-ip", ("alarm.heartbeat",), "at each of its supervision messages")

    def check(self, folder: Path) -> Iterator[Complaint]:
        for index, account in enumerate(self.account):
            field = f"account.{index}.key_file"
            flaws = list(missing_file(folder, field, account.key_file))
            yield from flaws
            if account.key_file and not flaws and _key(folder, account.key_file) is None:
                yield Complaint(field, "a key has 32, 48 or 64 hex digits, as it is typed into the panel")
            if account.key_file is None and self.host not in LOOPBACK and not self.plain_text:
                text = (
                    f"account {account.id} is without key, and {self.host} open to others, who could then speak for it"
                )
                yield Complaint(field, f"{text}: give it a key_file, or accept that with plain_text = true")

    async def run(self, outlet: Outlet) -> None:
        panels = {one.id.upper(): Panel(one.device, _key(outlet.folder, one.key_file)) for one in self.account}
        receiver = Receiver(panels, outlet)
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            if "tcp" in self.transports:
                server = await asyncio.start_server(
                    lambda reader, writer: _adopt(group, receiver.serve(reader, writer)), self.host, self.port
                )
                stack.callback(server.close)
            if "udp" in self.transports:
                loop = asyncio.get_running_loop()
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: Datagrams(receiver, group), local_addr=(self.host, self.port)
                )
                stack.callback(transport.close)
            while True:
                outlet.alive()
                await asyncio.sleep(10.0)


def _adopt(group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
    """Let a connection be the source's own task: what it fails at, other than the line, the source fails at."""
    group.create_task(work)


def _key(folder: Path, file: str | None) -> bytes | None:
    """Read an account's key, 32, 48 or 64 hex digits; None when there is none or it is none."""
    if file is None:
        return None
    try:
        key = bytes.fromhex(secret(folder, file))
    except ValueError:
        return None
    return key if len(key) in (16, 24, 32) else None
