"""Our commands as processes: with no settings but those that are given, their output in a file, killed at the end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOCSIN = Path(sys.executable).parent / "tocsin"


@contextmanager
def launched(log: Path, *arguments: str | Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `tocsin` with these arguments while the block lasts."""
    with log.open("ab") as output:
        process = subprocess.Popen([TOCSIN, *arguments], env=clean() | environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def clean() -> dict[str, str]:
    """Return the environment without any setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}


def wait(happened: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until something has happened, and return the answer that says so."""
    deadline = time.monotonic() + seconds
    while not (answer := happened()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return answer
