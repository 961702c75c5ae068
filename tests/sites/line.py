"""A line that is cut while the publisher is killed: `python -m tests.sites.line --minutes 30`.

A source publishes at a steady rate through its publisher's spool. It keeps a journal of what the publisher has taken,
and after a kill goes on with what is not in it: the same object again, where it was taken and the kill came before the
journal knew. A gate stands between the site's topic and the telemetry.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from streams.local.kafka import Cluster
from streams.settings import Settings
from streams.sites import Publisher
from streams.topics import ensure
from tests.sites.gates import gate
from tests.sites.log import Place, open_site, read
from tests.worker.road import until

ROOT = Path(__file__).parents[2]
DEVICES = 8


def source(brokers: str, site: str, folder: Path, began: float, rate: float, count: int) -> None:
    """Publish objects 0 to count, each at its time, from where the journal ends."""
    place, journal = Place(brokers, site), folder / "journal"
    start = datetime.fromtimestamp(round(began), UTC)
    number = int(journal.read_text() or 0) if journal.exists() else 0
    with Publisher(site, brokers=brokers, spool=folder / "spool", topic=place.topic, heartbeat_s=0) as publisher:
        while number < count:
            due = min(count, int((time.time() - began) * rate) + 1)
            events = [
                place.reading(
                    f"m{n % DEVICES}", sequence=n // DEVICES, load=float(n), time=start + timedelta(seconds=n // rate)
                )
                for n in range(number, min(due, number + 200))
            ]
            publisher.publish_all(events)
            number += len(events)
            part = journal.with_suffix(".part")
            part.write_text(str(number))
            part.replace(journal)
            time.sleep(0.02)
        until(lambda: publisher.flush(5) == 0, "everything's being acknowledged", 300)


@dataclass
class Report:
    """What came out behind the gate."""

    sent: int
    lost: int = 0
    twice: int = 0
    disordered: list[str] = field(default_factory=list)
    most_disk: int = 0
    """bytes of the spool's folder at its largest"""


@contextmanager
def frozen(cluster: Cluster) -> Iterator[None]:
    """Cut the line: connections stay open and nothing answers."""
    for broker in cluster.brokers:
        broker.pause()
    try:
        yield
    finally:
        for broker in cluster.brokers:
            broker.resume()


def cut(cluster: Cluster, folder: Path, seconds: float, rate: float, kills: int) -> Report:
    """Cut the line for so long, with as many kills of the publisher meanwhile; a gate must be running."""
    place = open_site(cluster.bootstrap, f"CUT-{uuid4().hex[:8].upper()}")
    count = int(rate * (seconds + 4))
    report = Report(count)
    arguments = [cluster.bootstrap, place.site, str(folder), str(time.time()), str(rate), str(count)]

    def publisher() -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-m", "tests.sites.line", "--source", *arguments], cwd=ROOT)

    running = publisher()
    try:
        until((folder / "journal").exists, "the first objects")
        with frozen(cluster):
            for _ in range(kills):
                time.sleep(seconds / kills)
                running.kill()
                running.wait()
                report.most_disk = max(report.most_disk, disk(folder / "spool"))
                running = publisher()
        assert running.wait(seconds + 300) == 0
    finally:
        running.kill()
        running.wait()
    judge(
        report, [(one["device"], one["load"]) for one in read(place.brokers, "telemetry.power", place.site, count, 60)]
    )
    return report


def disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def judge(report: Report, found: list[tuple[str, float]]) -> None:
    loads = [load for _, load in found]
    report.lost = len(set(map(float, range(report.sent))) - set(loads))
    report.twice = len(loads) - len(set(loads))
    by_device: dict[str, list[float]] = defaultdict(list)
    for device, load in found:
        by_device[device].append(load)
    report.disordered = [device for device, own in by_device.items() if own != sorted(own)]


def main() -> int:
    """Answer 0 if nothing is lost, twice or out of order."""
    parser = argparse.ArgumentParser(prog="python -m tests.sites.line", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=200, help="objects a second")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--source", nargs=6, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.source:
        brokers, site, folder, began, rate, count = given.source
        source(brokers, site, Path(folder), float(began), float(rate), int(count))
        return 0
    with tempfile.TemporaryDirectory() as scratch, Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap))
        with gate(cluster.bootstrap, Path(scratch)):
            report = cut(cluster, Path(scratch), given.minutes * 60, given.rate, given.kills)
    sys.stdout.write(f"{report}\n")
    return 1 if report.lost or report.twice or report.disordered else 0


if __name__ == "__main__":
    sys.exit(main())
