"""The notifier as a process: its server, its signals, and how it ends."""

import asyncio
import logging
import signal
from collections.abc import Mapping

from streams.alerts.grafana import GrafanaError
from streams.alerts.notifier import Notifier, serve
from streams.alerts.topic import TopicError
from streams.settings import Settings

log = logging.getLogger("tocsin.notifier")

UNEXPECTED = 70
"""Exit code after something unforeseen; the supervisor starts it again, and it reads everything again."""


class UnusableError(Exception):
    """It can't run like this; the message says what to do."""


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
    try:
        server = serve(notifier, settings.metrics_host, settings.notifier_port, documents, settings.metrics_token)
    except OSError as error:
        place = f"{settings.metrics_host}:{settings.notifier_port}"
        raise UnusableError(f"{place} is taken ({error.strerror}): set TOCSIN_NOTIFIER_PORT, or 0 for any.") from error
    log.info("Sinks: %s. Metrics on %s/metrics.", ", ".join(sink.name for sink in notifier.sinks), server.url)
    work = asyncio.ensure_future(notifier.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
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
