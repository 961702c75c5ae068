"""Our commands as processes: with no settings but those that are given, their output in a file, killed at the end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
