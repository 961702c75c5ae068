"""Compares what the workers left behind with what the log asks for."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event, Thread

import msgspec
from confluent_kafka import KafkaException

from streams.incidents.model import Incident
from streams.worker.checkpoints import MARK, STATE, unpack
from streams.worker.clock import CLOCK, TELEMETRY
from tests.faults.ledger import COUNTER, count, read
from tests.faults.load import Load
from tests.faults.log import Follower, Truth
from tests.faults.plant import Plant, until

log = logging.getLogger("faults")

INVARIANTS = ("lost", "twice", "dead letters", "findings", "incidents", "state", "commits")


class Told(msgspec.Struct):
    id: str
    site: str
    detector: str
    evidence: dict[str, object]


_told = msgspec.json.Decoder(Told).decode
_incident = msgspec.json.Decoder(Incident).decode


@dataclass
class Verdict:
    """What a run showed."""

    violations: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in INVARIANTS})
    objects: int = 0
    incidents: int = 0
    pages: int = 0
    gap: float = 0.0
    """Longest time, s, for which a site under load was not processed."""

    @property
    def good(self) -> bool:
        return not any(self.violations.values())

    def blame(self, invariant: str, text: str) -> None:
        self.violations[invariant].append(text)

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, texts in self.violations.items() for text in texts[:5])


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
            try:
                self._compare(consumer, rows)
                self._note(findings)
            except KafkaException as error:  # brokers are away now and then; what is seen is seen later
                log.info("the watcher waits for Kafka: %s", error)
        for each in (consumer, rows, findings):
            each.close()

    def _compare(self, consumer: object, rows: Follower) -> None:
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
            told = _told(record.value or b"")
            if told.detector == COUNTER:
                number = int(str(told.evidence["events"]))
                steps = self.progress[told.site]
                if not steps or number > steps[-1][1]:
                    steps.append((record.time, number))

    def gap(self, load: Load, since: float) -> float:
        """Longest time without progress of any of the load's bulk sites since a moment (Unix seconds)."""
        worst = 0.0
        for site in load.bulk:
            steps = [since, *(at for at, _ in self.progress[site] if at > since)]
            worst = max(worst, max((b - a for a, b in pairwise(steps)), default=float("inf")))
        return worst


class Checker:
    """Follows a plant over many runs; each run is judged when everything sent is processed."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._consumer = plant.consumer()
        self._published = Follower(plant, ("findings", "incidents", "dead-letters", STATE))
        self.truth = Truth(plant)
        self.poison: set[bytes] = set()
        self.findings: set[bytes] = set()
        self.incidents: defaultdict[str, list[bytes]] = defaultdict(list)
        self.dead: dict[tuple[bytes, bytes, bytes], bytes | None] = {}
        self.rows: dict[str, bytes] = {}

    def close(self) -> None:
        self._consumer.close()
        self._published.close()
        self.truth.close()

    def lag(self) -> int:
        """Count the records of telemetry that the workers have not committed."""
        committed = self._plant.commits(self._consumer, TELEMETRY)
        ends = self._plant.ends(committed)
        return sum(max(end - committed[at], 0) for at, end in ends.items())

    def settle(self, seconds: float = 120.0) -> None:
        """Wait until everything in the log is decided and durable."""
        until(lambda: self.lag() == 0, "lag 0", seconds)

    def judge(self, load: Load, watcher: Watcher, since: float) -> Verdict:
        """Compare everything that this load's sites led to."""
        verdict = Verdict()
        self.poison |= set(load.poison)
        sites = {*load.sites, *load.bulk}
        before = self.truth.objects
        self._read()
        self.truth.read(self.poison, {site: unpack(self.rows[site])[0] for site in load.sites if site in self.rows})
        verdict.objects = self.truth.objects - before
        self._judge_ledgers(verdict, load, sites)
        self._judge_dead(verdict)
        self._judge_published(verdict, sites)
        self._judge_state(verdict, load.sites)
        for text in dict.fromkeys(watcher.ahead):
            verdict.blame("commits", text)
        verdict.gap = watcher.gap(load, since)
        return verdict

    def _read(self) -> None:
        for record in self._published.read():
            if record.topic == "findings":
                self.findings.add(record.value or b"")
            elif record.topic == "incidents":
                self.incidents[(record.key or b"").decode()].append(record.value or b"")
            elif record.topic == "dead-letters":
                place = record.headers["topic"], record.headers["partition"], record.headers["offset"]
                self.dead[place] = record.value
            elif record.value:
                self.rows[(record.key or b"").decode()] = record.value

    def _judge_ledgers(self, verdict: Verdict, load: Load, sites: Iterable[str]) -> None:
        in_log = sum(count(self.truth.ledgers[site]) for site in sites)
        if in_log < load.acknowledged - sum(load.poison.values()):
            verdict.blame("lost", f"{load.acknowledged} objects were acknowledged, Kafka has {in_log}")
        for site in sorted(sites):
            learnt = read(unpack(self.rows[site])[1]).seen if site in self.rows else {}
            for device, (number, total) in self.truth.ledgers[site].items():
                has, sums = learnt.get(device, [0, 0])
                if has < number:
                    verdict.blame("lost", f"{site}/{device}: {number} in the log, {has} learnt")
                elif has > number or sums != total:
                    verdict.blame("twice", f"{site}/{device}: {number} in the log, {has} learnt")

    def _judge_dead(self, verdict: Verdict) -> None:
        for place, value in self.truth.dead.items():
            if self.dead.get(place) != value:
                verdict.blame("dead letters", f"{place} is not there")
        for place in self.dead.keys() - self.truth.dead.keys():
            verdict.blame("dead letters", f"{place} was refused and is no poison: {(self.dead[place] or b'')[:80]!r}")

    def _judge_published(self, verdict: Verdict, sites: set[str]) -> None:
        expected = set(self.truth.findings.values())
        for value in expected - self.findings:
            verdict.blame("findings", f"missing: {value[:200]!r}")
        for value in self.findings - expected:
            verdict.blame("findings", f"not asked for by the log: {value[:200]!r}")
        for name in self.truth.incidents.keys() | self.incidents.keys():
            revisions, told = self.truth.incidents.get(name, {}), self.incidents.get(name, [])
            if set(revisions.values()) != set(told):
                numbers = sorted(_incident(value).revision for value in set(told))
                verdict.blame("incidents", f"{name}: revisions {sorted(revisions)}, published {numbers}")
            elif revisions[max(revisions)] != told[-1]:
                verdict.blame("incidents", f"{name}: what stands is not the last revision")
        mine = [incident for incident in self.truth.final.values() if incident.site in sites]
        verdict.incidents, verdict.pages = len(mine), sum(incident.pages for incident in mine)

    def _judge_state(self, verdict: Verdict, sites: Iterable[str]) -> None:
        for site in sites:
            row = unpack(self.rows[site])[1] if site in self.rows else None
            if row is None or self.truth.frozen.get(site) != row:
                verdict.blame("state", f"{site}: the row is not what the log makes of it at that cut")
