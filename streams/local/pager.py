"""A webhook receiver: what the on-call person's pager would have got, over real HTTP."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, NamedTuple

from streams.local.configuration import HOST


class Page(NamedTuple):
    """One alert that was delivered to somebody; `resolved` when it only says that it is over."""

    receiver: str
    site: str
    severity: str
    incident: str
    summary: str
    resolved: bool


class Pager:
    """Listens on a free port of the loopback and keeps what Alertmanager posts."""

    def __init__(self) -> None:
        self._pages: list[Page] = []
        self._lock = Lock()
        pager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                pager._take(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing: the screen belongs to the demo."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_port}/page"

    @property
    def pages(self) -> list[Page]:
        """What was delivered so far, in order."""
        with self._lock:
            return list(self._pages)

    def __enter__(self) -> "Pager":
        Thread(target=self._server.serve_forever, name="pager", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, body: dict[str, Any]) -> None:
        with self._lock:
            for alert in body["alerts"]:
                labels = alert["labels"]
                self._pages.append(
                    Page(
                        body["receiver"],
                        labels.get("site", ""),
                        labels.get("severity", ""),
                        labels.get("incident_id", ""),
                        alert["annotations"].get("summary", ""),
                        alert["status"] == "resolved",
                    )
                )
