"""The notifier as a process: its server, and how it ends."""

import asyncio
import logging
from collections.abc import Mapping

from streams import metrics
from streams.alerts.grafana import GrafanaError
from streams.alerts.notifier import Notifier
from streams.alerts.topic import TopicError
from streams.process import UnusableError, show, until_told
from streams.settings import Settings

log = logging.getLogger("tocsin.notifier")


async def run(settings: Settings, documents: Mapping[str, str]) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises `UnusableError` when the settings, the surroundings or the topic don't allow it, and an `ExceptionGroup`
    after anything unforeseen.
    """
    try:
        notifier = Notifier(settings)
    except GrafanaError as error:
        raise UnusableError(str(error)) from error
    if not settings.alertmanagers:
        log.warning("No Alertmanager is set (TOCSIN_ALERTMANAGERS): incidents page nobody.")
    server = show(settings, [metrics.NOTIFIER], "notifier_port", ready=notifier.unready, documents=documents)
    log.info("Sinks: %s. Metrics on %s/metrics.", ", ".join(sink.name for sink in notifier.sinks), server.url)
    work = asyncio.ensure_future(notifier.run())
    until_told(work)
    try:
        await work
    except asyncio.CancelledError:
        log.info("Stopped.")
    except ExceptionGroup as failures:
        known, _ = failures.split(TopicError)
        if known is None:
            raise
        raise UnusableError(str(known.exceptions[0])) from failures
    finally:
        server.close()
