"""What the platform's processes have in common: their log, what ends them and how, the server of their metrics."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Iterable
from ssl import PROTOCOL_TLS_SERVER, SSLContext, SSLError
from typing import Any

from prometheus_client import CollectorRegistry

from streams import metrics_server
from streams.settings import PREFIX, Settings

UNEXPECTED = 70
"""Exit code after something unforeseen; the supervisor starts the process again, and nothing is lost."""
ENDING = (signal.SIGTERM, signal.SIGINT)


class UnusableError(Exception):
    """It can't run like this; the message says what to do."""


def log_to_stderr(*quiet: str) -> None:
    """Let the platform's log go to standard error; these libraries only say what is wrong."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in quiet:
        logging.getLogger(library).setLevel("WARNING")


def collect_seldom() -> None:
    """Let the garbage collector look for cycles seldom, and never at what is there already.

    What a site knows lives for long, what waits for its tick for a second, and neither is in cycles: there is much of
    it, and by Python's defaults it would be looked through all the time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def going() -> Callable[[], bool]:
    """Say whether to go on: until SIGTERM or Ctrl-C, and then what is in hand is finished; twice is at once."""
    stopping: list[int] = []

    def stop(number: int, _: object) -> None:
        if stopping:
            os._exit(130)
        stopping.append(number)

    for number in ENDING:
        signal.signal(number, stop)
    return lambda: not stopping


def until_told(*work: "asyncio.Future[Any]") -> None:
    """Cancel this work of the running event loop at SIGTERM or Ctrl-C."""
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, lambda: [each.cancel() for each in work])


def show(
    settings: Settings, registries: Iterable[CollectorRegistry], port: str = "metrics_port", **more: Any
) -> metrics_server.Server:
    """Serve a process's metrics at the port that this setting names; `more` is for `metrics_server.serve`.

    Raises `UnusableError`.
    """
    tls = certified(settings, "metrics")
    host, number = settings.metrics_host, getattr(settings, port)
    try:
        return metrics_server.serve(registries, host, number, token=settings.metrics_token, tls=tls, **more)
    except OSError as error:
        raise taken(host, number, port, error) from error


def taken(host: str, number: int, port: str, error: OSError) -> UnusableError:
    """Say that an address can't be had, and which setting has another."""
    return UnusableError(f"{host}:{number} is taken ({error.strerror}): set {PREFIX}{port.upper()}, or 0 for any.")


def certified(settings: Settings, what: str) -> SSLContext | None:
    """Make the TLS of a server from the certificate and key that are set for it; None where none is.

    Raises `UnusableError`.
    """
    certificate, key = getattr(settings, f"{what}_certificate"), getattr(settings, f"{what}_key")
    if not certificate:
        return None
    context = SSLContext(PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, SSLError) as error:
        names = f"{PREFIX}{what.upper()}_CERTIFICATE and {PREFIX}{what.upper()}_KEY"
        raise UnusableError(f"{names} can't be used: {error}") from error
    return context
