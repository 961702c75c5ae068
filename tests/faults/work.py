"""A worker process under fault: `python -m tests.faults.work`; settings from the environment."""

import importlib
import logging
import os
import time
from pathlib import Path

from streams.settings import Settings
from streams.topics import TopicsError
from streams.worker.app import run
from tests.faults.ledger import Ledger
from tests.faults.sabotage import SABOTAGE


def clock() -> float:
    """Tell the time, off by the seconds that stand in the file `FAULTS_CLOCK`."""
    path = Path(os.environ["FAULTS_CLOCK"])
    return time.time() + (float(path.read_text() or 0) if path.exists() else 0.0)


def main() -> None:
    """Work, broken in the place that `FAULTS_SABOTAGE` names."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for library in ("faust", "mode", "aiokafka"):
        logging.getLogger(library).setLevel("ERROR")
    if os.environ.get("FAULTS_VERSION") == "next":
        importlib.import_module("tests.faults.version")
    if name := os.environ.get("FAULTS_SABOTAGE"):
        SABOTAGE[name]()
    try:
        run(Settings.from_env(), Ledger, now=clock)
    except TopicsError as error:
        raise SystemExit(f"topics: {error}") from error


if __name__ == "__main__":
    main()
