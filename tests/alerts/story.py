"""What the tests of this folder tell: incidents, and the people who hear of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from msgspec.structs import replace

from streams.alerts.board import Board
from streams.alerts.flood import Flood
from streams.alerts.notifier import Notifier
from streams.alerts.topic import CaughtUp, Deleted
from streams.incidents.model import Incident, Ordered, Step
from streams.settings import Settings

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
NOW = START.timestamp() + 600
STEP = Step(
    time=START,
    domain="power",
    device="meter-1",
    detector="feed_dead",
    summary="Feed grid-a is dead.",
    score=0.9,
    stage="supply",
)


def incident(name: str = "i-1", revision: int = 1, **changes: Any) -> Incident:
    first = Incident(
        id=name,
        revision=revision,
        site="FR-93-DUGNY",
        status="open",
        severity="warning",
        pages=0,
        risk=0.6,
        domains=["power"],
        opened=START,
        updated=START + timedelta(minutes=revision),
        closed=None,
        summary="Power is cut at a closed site.",
        timeline=[STEP],
        verdict=None,
    )
    return replace(first, **changes)


def critical(name: str = "i-1", revision: int = 2, **changes: Any) -> Incident:
    step = replace(STEP, domain="camera", device="cam-7", summary="Camera cam-7 is blind.")
    known = {"severity": "critical", "pages": 1, "risk": 0.97, "domains": ["power", "camera"], "timeline": [STEP, step]}
    return incident(name, revision, **(known | changes))


def closed(name: str = "i-1", revision: int = 3, **changes: Any) -> Incident:
    return critical(name, revision, status="closed", closed=START + timedelta(minutes=9), **changes)


def ordered(**changes: Any) -> Ordered:
    first = Ordered(id="i-1-lockdown", command="lockdown", mode="automatic", time=START, overdue=True)
    return replace(first, **changes)


class Feed:
    """A topic in memory: what was put in comes out, the past first."""

    def __init__(self, *past: Incident) -> None:
        self._queue: asyncio.Queue[Incident | Deleted | CaughtUp] = asyncio.Queue()
        self.put(*past)
        self._queue.put_nowait(CaughtUp())

    def put(self, *records: Incident | Deleted) -> None:
        for record in records:
            self._queue.put_nowait(record)

    async def __aiter__(self) -> AsyncIterator[Incident | Deleted | CaughtUp]:
        while True:
            yield await self._queue.get()


@asynccontextmanager
async def notifying(settings: Settings, *past: Incident) -> AsyncIterator[tuple[Notifier, Feed]]:
    notifier, feed = Notifier(settings), Feed(*past)
    task = asyncio.ensure_future(notifier.run(feed.__aiter__()))
    try:
        yield notifier, feed
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(happened: Callable[[], Any] | Callable[[], Awaitable[Any]], seconds: float = 10) -> Any:
    """Wait for something to become true, and answer it."""
    async with asyncio.timeout(seconds):
        while True:
            answer = happened()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.02)


class Receiver:
    """A webhook receiver: a real HTTP server that keeps what Alertmanager posts."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any, **kwargs: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def heard(self, receiver: str, status: str = "firing", name: str = "SiteIncident") -> list[dict[str, Any]]:
        """List the messages of one receiver in which an alert of this name has this status."""
        return [
            message
            for message in self.messages
            if message["receiver"] == receiver
            and any(a["status"] == status and a["labels"]["alertname"] == name for a in message["alerts"])
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def fresh() -> Board:
    return Board("http://grafana:3000/", "http://books/runbooks", "http://console/", Flood(3, 600.0), Flood(10, 600.0))


def live() -> Board:
    board = fresh()
    board.go_live(NOW)
    return board


def standing(board: Board) -> list[dict[str, str]]:
    return [dict(labels) for labels, alert in board.alerts.items() if alert.ended is None]
