"""A real worker process around the counting core: `python -m tests.worker.counted`, settings from the environment."""

import logging

from streams.settings import Settings
from streams.worker.app import run
from tests.worker.counting import CountingCore


def main() -> None:
    logging.basicConfig(level="INFO", format="%(levelname)s %(name)s %(message)s")
    run(Settings.from_env(), CountingCore)


if __name__ == "__main__":
    main()
