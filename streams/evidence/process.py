"""The ledger as a process: its checks, its server, and how it ends."""

import logging
from pathlib import Path

from confluent_kafka import KafkaException

from streams import metrics
from streams.evidence.folder import Folder
from streams.evidence.keys import KeyUnusableError
from streams.evidence.ledger import Ledger
from streams.evidence.shelf import FolderError
from streams.evidence.topic import TopicError
from streams.process import UNEXPECTED, UnusableError, going, log_to_stderr, show
from streams.settings import Settings

log = logging.getLogger("tocsin.ledger")


def run(settings: Settings) -> int:
    """Run until SIGTERM or Ctrl-C; answer the exit code. Raises `UnusableError`."""
    log_to_stderr()
    go_on = going()
    ledger = _open(settings)
    server = show(settings, [metrics.LEDGER], "ledger_port")
    log.info("seals into %s; metrics on %s/metrics", settings.ledger_folder, server.url)
    try:
        ledger.run(go_on)
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
