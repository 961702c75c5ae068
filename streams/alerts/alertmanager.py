"""Carries alerts to one Alertmanager by its v2 API: at once when they change, and again and again while they stand."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from ssl import create_default_context
from typing import Any
from urllib.parse import urlsplit

import httpx
from msgspec import Struct, json

from streams import metrics
from streams.alerts.alert import ALERTNAME, UNCONFIRMED, Alert, Labels, moment
from streams.alerts.board import Board
from streams.alerts.sink import Sink, SinkError
from streams.settings import Settings

log = logging.getLogger(__name__)

BATCH = 100
"""Alerts in one request."""
JSON = {"Content-Type": "application/json"}
STALE = 2
"""Intervals after which an alert that was not sent again is no longer sent by anybody."""
STANDS = 120
"""For how many intervals an alert stands that is not sent again: an hour of half minutes."""
TIMEOUT = 5.0
"""Seconds that a request may take."""
KEEP_RESOLVED = 300.0
"""Seconds for which the end of an alert is repeated after its first acceptance."""


class Standing(Struct, rename="camel"):
    """An alert as Alertmanager has it; it is renewed with each sending."""

    labels: dict[str, str]
    starts_at: str
    updated_at: datetime


class Told(Struct, frozen=True):
    """What this Alertmanager last accepted of an alert, and when it first heard of its end. Unix seconds."""

    version: int
    at: float
    end_known: float | None


class Alertmanager(Sink):
    """One Alertmanager.

    Alertmanager keeps alerts in memory only and forgets those that are not renewed: each is sent again every
    `resend_s` seconds, so that one which restarted knows everything again half a minute later. Each is sent with an end
    an hour ahead: one that can't be reached for a while must not call an open incident resolved, and page again for it
    afterwards; none keeps an alert for ever when this process is gone. The end of an alert is repeated for five minutes
    after its first acceptance.
    """

    def __init__(self, url: str, board: Board, settings: Settings, now: Callable[[], float] = time.time) -> None:
        super().__init__(f"alertmanager {urlsplit(url).netloc.rpartition('@')[2]}")
        self.patience = min(self.patience, settings.resend_s)
        self._url = f"{url.rstrip('/')}/api/v2/alerts"
        self._board = board
        self._resend: float = settings.resend_s
        self._now = now
        self._trust = create_default_context(cafile=settings.web_ca_file) if settings.web_ca_file else True
        self._told: dict[Labels, Told] = {}
        self._heard = self._tidied = 0.0
        self._client: httpx.AsyncClient | None = None

    async def run(self) -> None:
        """Keep one connection while it lasts."""
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, verify=self._trust) as self._client:
            await super().run()

    async def bring(self) -> None:
        """Send what is new or due again, oldest change first."""
        alerts = self._board.alerts
        self._told = {labels: told for labels, told in self._told.items() if labels in alerts}
        now = self._now()
        due = sorted((alert for alert in alerts.values() if self._due(alert, now)), key=lambda alert: alert.version)
        self._show_pending()
        for start in range(0, len(due), BATCH):
            await self._send(due[start : start + BATCH])
            self._show_pending()
        if now - self._heard >= self._resend:
            await self._send([])  # nothing to tell: only whether it is there to be told
        if now - self._tidied >= STALE * self._resend:
            await self._tidy(now)
            self._tidied = now

    async def _tidy(self, now: float) -> None:
        """End what nobody sends any more and no incident asks for: a notifier that is gone, or a slow road, told it."""
        answer = await self._ask("GET", params={"filter": f'alertname=~"{ALERTNAME}|{UNCONFIRMED}"'})
        old = [
            {"labels": alert.labels, "startsAt": alert.starts_at, "endsAt": moment(now)}
            for alert in json.decode(answer.content, type=list[Standing])
            if alert.updated_at.timestamp() < now - STALE * self._resend
            and tuple(sorted(alert.labels.items())) not in self._board.alerts
            and self._board.knows(alert.labels["incident_id"])
        ]
        if old:
            await self._ask("POST", content=json.encode(old))

    def _show_pending(self) -> None:
        pending = sum(self._is_news(alert) for alert in self._board.alerts.values())
        metrics.SINK_PENDING.labels(self.name).set(pending)

    def _is_news(self, alert: Alert) -> bool:
        told = self._told.get(alert.labels)
        return told is None or told.version != alert.version

    def _due(self, alert: Alert, now: float) -> bool:
        if self._is_news(alert):
            return True
        told = self._told[alert.labels]
        if told.end_known is not None and now - told.end_known > KEEP_RESOLVED:
            return False
        return now - told.at >= self._resend

    async def _send(self, alerts: list[Alert]) -> None:
        lasting = STANDS * self._resend + TIMEOUT
        until = self._now() + lasting
        body = json.encode([_posted(alert, until) for alert in alerts])
        answer = await self._ask("POST", content=body)
        now = self._now()
        if answer.status_code == httpx.codes.BAD_REQUEST:
            # It has kept the valid ones of the batch and would refuse the others again.
            log.error("%s refused alerts: %s", self.name, answer.text.strip()[:500])
            metrics.NOTIFICATIONS.labels(self.name, "refused").inc()
        metrics.SINK_UP.labels(self.name).set(answer.is_success)
        self._heard = now
        for alert in alerts:
            self._remember(alert, now, accepted=answer.is_success)

    async def _ask(self, method: str, **what: Any) -> httpx.Response:
        if self._client is None:
            raise RuntimeError("run() opens the connection")
        try:
            answer = await self._client.request(method, self._url, headers=JSON, **what)
        except httpx.HTTPError as error:
            raise SinkError(f"no answer ({str(error) or type(error).__name__}). Is it running?") from error
        if answer.is_success or answer.status_code == httpx.codes.BAD_REQUEST:
            return answer
        text = answer.text.strip()[:200]
        raise SinkError(f"answered {answer.status_code} {text!r}. Is this the address of an Alertmanager's root?")

    def _remember(self, alert: Alert, now: float, *, accepted: bool) -> None:
        before = self._told.get(alert.labels)
        if accepted:
            metrics.NOTIFICATIONS.labels(self.name, "delivered").inc()
            if before is None and alert.ended is None:
                metrics.NOTIFY_DELAY.labels(self.name).observe(max(0.0, now - alert.known))
        end_known = None if alert.ended is None else before.end_known if before and before.end_known else now
        self._told[alert.labels] = Told(alert.version, now, end_known)


def _posted(alert: Alert, until: float) -> dict[str, object]:
    return {
        "labels": dict(alert.labels),
        "annotations": alert.annotations,
        "startsAt": moment(alert.starts),
        "endsAt": moment(until if alert.ended is None else alert.ended),
        "generatorURL": alert.annotations["dashboard_url"],
    }
