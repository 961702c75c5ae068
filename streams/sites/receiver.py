"""A receiver of alarm panels' messages: every frame judged, taken and answered, however it came."""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from streams.sites.formats.dc09 import (
    AHEAD_S,
    BEHIND_S,
    Frame,
    FrameError,
    Framer,
    Sealed,
    build,
    moment,
    open_envelope,
    unseal,
)
from streams.sites.formats.sia import Signal, UnreadableError, contact_id, sia
from streams.sites.numbering import Numbering
from streams.sites.source import Outlet
from streams.sites.wire import RefusedError
from streams.telemetry.alarm import AlarmHeartbeat, AlarmSignal

log = logging.getLogger("tocsin.gateway")

MOST_CONNECTIONS = 256
IDLE_S = 15 * 60.0
WAITING = 256
"""UDP messages that may wait for the disk at once; more are dropped, for a panel repeats what is not acknowledged."""


class Panel(NamedTuple):
    """An account: the device that it is, and its key where it has one."""

    device: str
    key: bytes | None


class Receiver:
    """Judges frames, however they came, and answers them."""

    def __init__(self, panels: Mapping[str, Panel], outlet: Outlet) -> None:
        self._outlet = outlet
        self._panels = panels
        self._numbers = {account: Numbering() for account in panels}
        self._turns = {account: asyncio.Lock() for account in panels}
        self._connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one TCP connection; a panel may keep it open."""
        self._connections += 1
        framer = Framer()
        try:
            while self._connections <= MOST_CONNECTIONS and (chunk := await _chunk(reader)):
                for frame in framer.feed(chunk):
                    writer.write(await self.answer(frame))
                    await writer.drain()
        except ConnectionError as error:
            log.info("dc09: a connection broke: %s", error)
        finally:
            self._connections -= 1
            writer.close()

    async def answer(self, raw: bytes) -> bytes:
        """Take a frame, and return what to answer; nothing to a damaged one."""
        try:
            sealed = open_envelope(raw)
        except FrameError as error:
            self._outlet.refuse(f"damaged frame: {error}")
            return b""
        if sealed.account not in self._panels:
            self._outlet.refuse(f"account {sealed.account or '(none)'} is not among the accounts of site.toml")
            return self._reply("DUH", sealed, None)
        async with self._turns[sealed.account]:
            return await self._take(sealed)

    async def _take(self, sealed: Sealed) -> bytes:
        key = self._panels[sealed.account].key
        try:
            if key is not None and not sealed.encrypted:
                raise FrameError("it is plain text, and the account has a key")
            frame = unseal(sealed, key)
            signals = _signals(frame)
        except (FrameError, UnreadableError) as error:
            self._outlet.refuse(f"account {sealed.account}: {error}")
            return self._reply("DUH", sealed, None)
        back = bool(signals) and self._numbers[sealed.account].back(frame.sequence)
        if frame.encrypted and (off := self._off(frame)):
            self._outlet.refuse(f"account {frame.account}: {off}")
            if back:
                await self._report_replay(frame)
            return self._reply("NAK", sealed, None)
        try:
            token = await self._publish(frame, signals)
        except RefusedError as error:
            self._outlet.refuse(f"account {frame.account}: {error}")
            token = "DUH"
        return self._reply(token, sealed, key if token == "ACK" else None)

    async def _publish(self, frame: Frame, signals: list[Signal]) -> str:
        device = self._panels[frame.account].device
        now = self._outlet.now()
        if not signals:
            beat = AlarmHeartbeat(site=self._outlet.site, device=f"{device}-ip"[-64:], time=now, path="ip")
            await self._outlet.publish(beat)
            return "ACK"
        numbers, content = self._numbers[frame.account], f"{frame.token}{frame.data}".encode()
        verdict = numbers.judge(frame.sequence, content, time.monotonic())
        if verdict == "again":
            return "ACK"
        if verdict == "replay":
            self._outlet.refuse(f"account {frame.account}: message {frame.sequence} is the copy of an older one")
            await self._report_replay(frame)
            return "DUH"
        if verdict == "odd":
            log.warning("dc09: account %s counts back, %d after %d.", frame.account, frame.sequence, numbers.last)
        at = _when(frame, now)
        for index, (code, zone, user) in enumerate(signals):
            # One number for all of a message; the millisecond tells them apart.
            moment = at + timedelta(milliseconds=index)
            await self._outlet.publish(
                AlarmSignal(
                    site=self._outlet.site,
                    device=device,
                    time=moment,
                    sequence=frame.sequence,
                    code=code,
                    zone=zone,
                    user=user,
                )
            )
        numbers.take(frame.sequence, content, time.monotonic())
        return "ACK"

    async def _report_replay(self, frame: Frame) -> None:
        """Tell the platform that a number went back; what the copy says is not said again."""
        device = self._panels[frame.account].device
        now = self._outlet.now()
        told = AlarmHeartbeat(site=self._outlet.site, device=device, time=now, sequence=frame.sequence, path="ip")
        await self._outlet.publish(told)

    def _off(self, frame: Frame) -> str:
        """Say how an encrypted message's time is wrong; empty when it is not."""
        if frame.time is None:
            return "an encrypted message must carry its time"
        behind = (self._outlet.now() - frame.time).total_seconds()
        if -AHEAD_S <= behind <= BEHIND_S:
            return ""
        return f"its time is {abs(behind):.0f} s {'old' if behind > 0 else 'ahead'}: a wrong clock, or a replay"

    def _reply(self, token: str, sealed: Sealed, key: bytes | None) -> bytes:
        head = f"R{sealed.receiver}" if sealed.receiver else ""
        head += f"L{sealed.line}" if sealed.line else ""
        head += f"#{sealed.account}" if sealed.account else ""
        if token == "NAK":
            return build(token, 0, "R0L0A0", at=self._outlet.now())
        return build(token, sealed.sequence, head, at=self._outlet.now(), key=key)


class Datagrams(asyncio.DatagramProtocol):
    """UDP: a datagram holds one frame, and its answer goes back to the sender."""

    def __init__(self, receiver: Receiver, group: asyncio.TaskGroup) -> None:
        self._receiver = receiver
        self._group = group
        self._waiting = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._waiting < WAITING:
            self._waiting += 1
            self._group.create_task(self._handle(data, addr))

    async def _handle(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            for frame in Framer().feed(data):
                if answer := await self._receiver.answer(frame):
                    self._transport.sendto(answer, addr)
        finally:
            self._waiting -= 1


def _signals(frame: Frame) -> list[Signal]:
    """Read what a frame says; nothing for a supervision message."""
    if frame.token in ("NULL", "XNM"):
        return []
    if frame.token == "ADM-CID":
        return [contact_id(frame.data)]
    if frame.token == "SIA-DCS":
        return sia(frame.data)
    raise UnreadableError(f"{frame.token} is neither SIA-DCS nor ADM-CID nor NULL")


def _when(frame: Frame, now: datetime) -> datetime:
    """Tell when it happened: the time of occurrence, else of sending, as far as they can be true, else now."""
    said = frame.extra.get("H", "")
    for text_or_time in (said, frame.time):
        try:
            at = moment(text_or_time) if isinstance(text_or_time, str) else text_or_time
        except FrameError:
            continue
        if at is not None and -AHEAD_S <= (now - at).total_seconds() <= 86400.0:
            return at
    return now


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """Read what comes next; nothing once the connection ends or has been idle for too long."""
    try:
        async with asyncio.timeout(IDLE_S):
            return await reader.read(4096)
    except (ConnectionError, TimeoutError):
        return b""
