"""Watches while faults happen, from a thread of its own."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from threading import Event, Thread

import msgspec
from confluent_kafka import Consumer

from streams.worker.checkpoints import MARK, STATE, unpack
from streams.worker.clock import CLOCK, TELEMETRY
from tests.faults.ledger import COUNTER
from tests.faults.load import Load
from tests.faults.log import Follower
from tests.faults.plant import Plant

LONG, USUAL, TICK = 10.0, 2.0, 1.0
"""Seconds: of a pause worth a look, that any object takes, and that a pause's end is seen late."""


class Told(msgspec.Struct):
    """What of a finding matters here."""

    id: str
    site: str
    detector: str
    evidence: dict[str, object]


told = msgspec.json.Decoder(Told).decode


class Watcher:
    """Watches while faults happen: commits against marks, and each site's progress."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.marks: dict[int, dict[str, int]] = {}
        self.ahead: list[str] = []
        self.progress: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        consumer, rows = self._plant.consumer(), Follower(self._plant, [STATE])
        findings = Follower(self._plant, ["findings"])
        while not self._stop.wait(0.3):
            self._compare(consumer, rows)
            self._note(findings)
        self._note(findings)
        for each in (consumer, rows, findings):
            each.close()

    def _compare(self, consumer: Consumer, rows: Follower) -> None:
        # First what is committed, then what is durable: the other way round, progress would look like a fault.
        committed = self._plant.commits(consumer, (*TELEMETRY, CLOCK))
        for record in rows.read():
            if record.key == MARK.encode() and record.value:
                self.marks[record.partition] = unpack(record.value)[0].ends
        for (topic, partition), offset in committed.items():
            durable = self.marks.get(partition, {}).get(topic, 0)
            if offset > durable:
                self.ahead.append(f"{topic}/{partition} is committed to {offset}, durable to {durable}")

    def _note(self, findings: Follower) -> None:
        for record in findings.read():
            finding = told(record.value or b"")
            if finding.detector == COUNTER:
                number = int(str(finding.evidence["events"]))
                steps = self.progress[finding.site]
                if not steps or number > steps[-1][1]:
                    steps.append((record.time, number))

    def pauses(self, load: Load, since: float) -> Iterator[tuple[float, float, str]]:
        """Yield each time without progress of any of the load's bulk sites since a moment: seconds, its end, site."""
        for site in load.bulk:
            if site not in load.damaged:
                steps = [since, *(at for at, _ in self.progress[site] if at > since)]
                assert len(steps) > 1, f"{site} was never processed"
                yield from ((b - a, b, site) for a, b in pairwise(steps))

    def drained(self, load: Load, since: float) -> float | None:
        """Say at how many times its load the site that paused longest caught up; None when it was no pause to speak of.

        It has caught up when of what it has said, also to a Kafka that could not take it, all is learnt that is older
        than `USUAL` seconds.
        """
        pause, end, site = max(self.pauses(load, since))
        if pause < LONG:
            return None
        made, steps = load.made[site], self.progress[site]
        rate = made[-1][1] / (made[-1][0] - made[0][0])
        before = max((number for at, number in steps if at < end), default=0)
        for at, number in steps:
            if at >= end and number >= _at(made, at - USUAL):
                return (number - before) / (at - end + TICK) / rate
        return 0.0


def _at(made: list[tuple[float, int]], moment: float) -> int:
    return max((number for at, number in made if at <= moment), default=0)
