"""The publisher's own sign of life, from which the platform learns to miss it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread

from streams.sites.spool import SpoolError
from streams.telemetry.alarm import AlarmHeartbeat

log = logging.getLogger("tocsin.publisher")


class Heartbeat:
    """Publishes an `alarm.heartbeat` of the site's way to the platform, at once and then every so many seconds."""

    def __init__(self, site: str, device: str, every_s: float, publish: Callable[[AlarmHeartbeat], object]) -> None:
        self._site, self._device, self._every_s, self._publish = site, device, every_s, publish
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)
        if every_s > 0:
            self._thread.start()

    def stop(self) -> None:
        """End at once."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            now = datetime.now(UTC)
            now = now.replace(microsecond=now.microsecond // 1000 * 1000)
            try:
                self._publish(AlarmHeartbeat(site=self._site, device=self._device, time=now, path="ip"))
            except SpoolError as error:
                log.error("no heartbeat: %s", error)
            if self._stopping.wait(self._every_s):
                return
