"""The small HTTP server on which a process shows its metrics, and whether it lives and works."""

import base64
import hmac
import sys
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread
from typing import Any

from prometheus_client import CollectorRegistry, disable_created_metrics, exposition

from streams import metrics


class Server:
    """An HTTP server in a thread of its own; `close` ends it."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self._server = server
        self._scheme = scheme
        self._thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
        self._thread.start()
        self.host = str(server.server_address[0])
        self.port = int(server.server_address[1])

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        return f"{self._scheme}://{self.host}:{self.port}"

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def knows(token: str, authorization: str) -> bool:
    """Whether an `Authorization` header holds the token: `Bearer TOKEN`, or `Basic` with it as the password."""
    scheme, _, given = authorization.strip().partition(" ")
    said = given.encode(errors="replace")
    if scheme.lower() == "basic":
        try:
            said = base64.b64decode(said, validate=True).partition(b":")[2]
        except ValueError:
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(said, token.encode())


def serve(
    registries: Iterable[CollectorRegistry],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[], str | None] = lambda: None,
    documents: Mapping[str, str] | None = None,
    token: str = "",
    tls: SSLContext | None = None,
) -> Server:
    """Answer `/metrics`, `/healthz` (the process lives), `/readyz` (it does its work) and plain-text documents.

    `ready` returns None, or the reason why not in words. With a `token`, all but `/healthz` ask for it: as a bearer's
    token, or as the password of any user, so that a browser can give it too. With `tls` it speaks nothing else. Port 0
    takes a free one, which `Server.port` tells. Raises `OSError` when the address is taken.
    """
    disable_created_metrics()
    shown = (metrics.PROCESS, *registries)
    texts = dict(documents or {})

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            page = b"".join(exposition.generate_latest(registry) for registry in shown)
            return 200, exposition.CONTENT_TYPE_LATEST, page
        if path == "/healthz":
            return 200, "text/plain; charset=utf-8", b"alive\n"
        if path == "/readyz":
            reason = ready()
            return (200 if reason is None else 503), "text/plain; charset=utf-8", f"{reason or 'ready'}\n".encode()
        if path in texts:
            return 200, "text/plain; charset=utf-8", texts[path].encode()
        return 404, "text/plain; charset=utf-8", b"only /metrics, /healthz and /readyz\n"

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:  # http.server calls it by this name
            path = self.path.partition("?")[0]
            known = not token or path == "/healthz" or knows(token, self.headers.get("Authorization", ""))
            status, kind, body = answer(path) if known else (401, "text/plain; charset=utf-8", b"a token is needed\n")
            self.send_response(status)
            if not known:
                self.send_header("WWW-Authenticate", 'Basic realm="tocsin"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            """Say nothing: a scrape every few seconds is not news."""

    server = _Threads((host, port), Handler)
    if tls is not None:
        # Each connection shakes hands in its own thread, at its first read: one that says nothing holds up nobody else.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return Server(server, "http" if tls is None else "https")


class _Threads(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of who went away or speaks no TLS; anything else is a fault of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
