"""How fast a ledger seals and `tocsin verify` checks: `python -m tests.benchmarks.evidence [records]`.

Records of some 250 bytes, 1,000 a link, are sealed into a folder, all of them whole, and verified by the command, in a
process of its own.
"""

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import json
from rich.console import Console
from rich.table import Table

from streams.evidence.chain import Chain
from streams.evidence.folder import Folder
from streams.evidence.keys import new_key, private_key, public_hex
from streams.evidence.record import Record
from streams.telemetry.examples import PUBLISHED, TELEMETRY

LIMIT_S = 30.0
"""What a million records may take to be verified, s."""
BATCH = 1000
SITES = 20


def seal(path: Path, records: int) -> tuple[str, float]:
    """Seal so many records of some sites with an open incident; answers the public key and the CPU seconds."""
    key = private_key(new_key()[0])
    folder, now = Folder(path), datetime(2026, 12, 4, tzinfo=UTC)
    chains = [Chain(f"SITE-{number:03}") for number in range(SITES)]
    bodies = [(topic, json.encode(told)) for topic, many in TELEMETRY.items() for told in many]
    began, offset = time.process_time(), 0
    while offset < records:
        chain = chains[offset // BATCH % SITES]
        opened = PUBLISHED["incidents"] | {"site": chain.name}
        chain.gather(Record("incidents", 0, offset, offset, b"inc", json.encode(opened)))
        for number in range(1, min(BATCH, records - offset)):
            topic, body = bodies[number % len(bodies)]
            chain.gather(Record(topic, 0, offset + number, offset, chain.name.encode(), body))
        now += timedelta(seconds=1)
        folder.shelf(chain.name).file(chain.seal(now, key, None))
        offset += BATCH
    return public_hex(key), time.process_time() - began


def main() -> int:
    """Answer 0 if it is fast enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.evidence", description=__doc__)
    parser.add_argument("records", type=int, nargs="?", default=1_000_000)
    records = parser.parse_args().records
    with TemporaryDirectory() as folder:
        key, sealing = seal(Path(folder), records)
        began = time.monotonic()
        command = [sys.executable, "-m", "streams", "verify", folder, "--key", key]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        took = time.monotonic() - began
    table = Table("", "records", "s", "µs a record")
    table.add_row("sealed (CPU)", f"{records:,}", f"{sealing:.1f}", f"{1e6 * sealing / records:.1f}")
    table.add_row("verified", f"{records:,}", f"{took:.1f}", f"{1e6 * took / records:.1f}")
    Console().print(table)
    sys.stderr.write(done.stderr)
    return 0 if done.returncode == 0 and took < LIMIT_S * records / 1e6 + 2 else 1


if __name__ == "__main__":
    sys.exit(main())
