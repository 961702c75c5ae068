"""The HTTP surface that listening sources share: loopback unless there is a token, bounded bodies, bounded patience."""

import asyncio
import hmac
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from streams.sites.source import LOOPBACK, Complaint, Host, Outlet, Port, Source, missing_file, secret
from streams.telemetry.envelope import Text

Megabytes = Annotated[float, Meta(gt=0, le=64, description="MB")]
BODY_S = 20.0
"""Time that a body may take to arrive."""

Answer = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


class Listener(Source, frozen=True, kw_only=True):
    """A source that others POST to."""

    host: Host = "127.0.0.1"
    port: Port
    token_file: Text | None = None
    certificate_file: Text | None = None
    key_file: Text | None = None
    max_mb: Megabytes = 8.0

    def where(self) -> str:
        return f"http{'s' if self.certificate_file else ''}://{self.host}:{self.port}"

    def check(self, folder: Path) -> Iterator[Complaint]:
        if self.host not in LOOPBACK and self.token_file is None:
            yield Complaint("host", f"{self.host} is open to others: set token_file as well, or listen on 127.0.0.1")
        if (self.certificate_file is None) != (self.key_file is None):
            yield Complaint("certificate_file", "certificate_file and key_file belong together; give both or neither")
        for field in ("token_file", "certificate_file", "key_file"):
            yield from missing_file(folder, field, getattr(self, field))

    @asynccontextmanager
    async def listening(self, outlet: Outlet, answer: Answer) -> AsyncIterator[int]:
        """Answer every POST, whatever its path; yields the port once it listens."""
        token = secret(outlet.folder, self.token_file) if self.token_file else None
        application = web.Application(client_max_size=int(self.max_mb * 1e6))
        application.router.add_post("/{path:.*}", _guarded(token, answer))
        runner = web.AppRunner(application, access_log=None, keepalive_timeout=75.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self.host, self.port, ssl_context=self._tls(outlet.folder), backlog=64)
            await site.start()
            yield int(runner.addresses[0][1])
        finally:
            await runner.cleanup()

    def _tls(self, folder: Path) -> ssl.SSLContext | None:
        if self.certificate_file is None or self.key_file is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / self.certificate_file, folder / self.key_file)
        return context


def _guarded(token: str | None, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        if token is not None and not _knows(request, token):
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"}, text="a valid token is needed\n")
        try:
            async with asyncio.timeout(BODY_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="the body took too long\n")
        return await answer(request, body)

    return handle


def _knows(request: web.Request, token: str) -> bool:
    """Look for the token in the header, or in the query for equipment that can set an address only."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip() or request.query.get("token", "")
    return hmac.compare_digest(given.encode(), token.encode())
