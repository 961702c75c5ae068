"""A TCP proxy whose lines can be cut, slowed and torn: `python -m tests.faults.proxy PORT:TARGET…`.

It obeys lines of JSON on its standard input: `{"ports": […], "mode": "pass"|"hold"|"refuse", "delay": seconds}`. What
is held is kept and goes on later, as packets that are sent again do; what is refused is reset.
"""

import asyncio
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
PIECE = 1 << 16


class Line:
    """One port and where it leads."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self.delay = 0.0
        self.refuse = False
        self.flows = asyncio.Event()
        self.flows.set()
        self.writers: set[asyncio.StreamWriter] = set()

    def set(self, mode: str, delay: float) -> None:
        self.delay, self.refuse = delay, mode == "refuse"
        if mode == "hold":
            self.flows.clear()
        else:
            self.flows.set()
        if self.refuse:
            for writer in list(self.writers):
                reset(writer)

    async def serve(self) -> None:
        await asyncio.start_server(self._accept, HOST, self.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.flows.wait()
        if self.refuse:
            reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            reset(writer)
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self.writers -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await reader.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self.flows.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection as a firewall does: with a reset."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def main(pairs: Iterable[str]) -> None:
    """Serve until standard input closes."""
    lines = {int(port): Line(int(port), int(target)) for port, _, target in (pair.partition(":") for pair in pairs)}
    for line in lines.values():
        await line.serve()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while order := await asyncio.to_thread(sys.stdin.readline):
        told = json.loads(order)
        for port in told["ports"]:
            lines[port].set(told["mode"], told.get("delay", 0.0))


class Proxy:
    """The proxy's process; it ends when its standard input does, however we end."""

    def __init__(self, pairs: Mapping[int, int]) -> None:
        command = [sys.executable, "-m", "tests.faults.proxy", *(f"{port}:{target}" for port, target in pairs.items())]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def set(self, ports: Iterable[int], mode: str = "pass", delay: float = 0.0) -> None:
        """Change what becomes of some lines."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"ports": list(ports), "mode": mode, "delay": delay}) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1:]))
