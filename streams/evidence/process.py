"""The ledger as a process: its server, its signals, and how it ends."""

import logging
import os
import signal
from pathlib import Path
from threading import Event

from confluent_kafka import KafkaException

from streams import metrics, metrics_server
from streams.evidence.folder import Folder
from streams.evidence.keys import KeyUnusableError
from streams.evidence.ledger import Ledger
from streams.evidence.shelf import FolderError
from streams.evidence.topic import TopicError
from streams.settings import Settings

log = logging.getLogger("tocsin.ledger")

UNEXPECTED = 70
"""Exit code after something unforeseen; the supervisor starts it again, and nothing is lost or sealed twice."""


class UnusableError(Exception):
    """It can't run like this; the message says what to do."""


def run(settings: Settings) -> int:
    """Run until SIGTERM or Ctrl-C; answer the exit code. Raises `UnusableError`."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stopping = Event()

    def stop(*_: object) -> None:
        if stopping.is_set():
            os._exit(130)  # asked twice; what is not sealed is read again
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ledger = _open(settings)
    try:
        server = metrics_server.serve(
            [metrics.LEDGER], settings.metrics_host, settings.ledger_port, token=settings.metrics_token
        )
    except OSError as error:
        place = f"{settings.metrics_host}:{settings.ledger_port}"
        raise UnusableError(f"{place} is taken ({error.strerror}): set TOCSIN_LEDGER_PORT, or 0 for any") from error
    log.info("seals into %s; metrics on %s/metrics", settings.ledger_folder, server.url)
    try:
        ledger.run(lambda: not stopping.is_set())
    except (TopicError, FolderError, KafkaException, OSError) as error:
        log.critical("%s", error)
        return UNEXPECTED
    finally:
        server.close()
    ledger.close()
    log.info("stopped; what was read is sealed")
    return 0


def _open(settings: Settings) -> Ledger:
    if not settings.ledger_key:
        raise UnusableError("there is no key: make one with `tocsin ledger keygen`, and set TOCSIN_LEDGER_KEY_FILE")
    if not settings.ledger_folder:
        raise UnusableError("there is no folder to seal into: set TOCSIN_LEDGER_FOLDER, or --folder")
    folder = Folder(Path(settings.ledger_folder))
    try:
        folder.claim()
        ledger = Ledger(settings, folder)
        ledger.open()
    except (FolderError, TopicError, KeyUnusableError) as error:
        raise UnusableError(str(error)) from error
    return ledger
