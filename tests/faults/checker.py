"""Compares what the workers left behind with what the log asks for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from streams.incidents.model import Incident
from streams.worker.checkpoints import STATE, unpack
from streams.worker.clock import CLOCK, TELEMETRY
from streams.worker.setaside import DETECTOR
from tests.faults.ledger import count, read
from tests.faults.load import Load
from tests.faults.log import Follower, Truth
from tests.faults.memory import left
from tests.faults.place import until
from tests.faults.plant import PARTITIONS, Plant
from tests.faults.watcher import Watcher, told

INVARIANTS = ("lost", "twice", "dead letters", "findings", "incidents", "state", "commits")


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
    drained: float | None = None
    """At how many times its load that site then caught up; None when it was no pause to speak of."""

    @property
    def good(self) -> bool:
        return not any(self.violations.values())

    def blame(self, invariant: str, text: str) -> None:
        self.violations[invariant].append(text)

    def __str__(self) -> str:
        head = f"{self.objects} objects, {self.incidents} incidents, {self.pages} pages, pause {self.gap:.1f} s"
        if self.drained is not None:
            head += f", then {self.drained:.1f} times the load"
        told = [f"{name}: {text}" for name, texts in self.violations.items() for text in texts[:5]]
        return "\n".join([head, *told])


class Checker:
    """Follows a plant over many runs; each run is judged when everything sent is processed."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._consumer = plant.consumer()
        self._published = Follower(plant, ("findings", "incidents", "dead-letters", STATE))
        self.truth = Truth(plant)
        self.loads: list[Load] = []
        """Everything that was ever sent, judged or not."""
        self.findings: set[bytes] = set()
        self.incidents: defaultdict[str, list[bytes]] = defaultdict(list)
        self.dead: dict[tuple[bytes, bytes, bytes], bytes | None] = {}
        self.set_aside: dict[str, bytes | None] = {}
        self.rows: dict[str, bytes] = {}
        self._early: set[bytes] = set()
        """Findings and revisions that were there before the log was read."""

    def close(self) -> None:
        self._consumer.close()
        self._published.close()
        self.truth.close()

    def lag(self) -> int:
        """Count the records of telemetry that the workers have not committed."""
        places = [(topic, partition) for topic in TELEMETRY for partition in range(PARTITIONS)]
        return self._waiting(TELEMETRY, self._plant.ends(places))

    def _waiting(self, topics: Iterable[str], ends: Mapping[tuple[str, int], int]) -> int:
        committed = self._plant.commits(self._consumer, tuple(topics))
        return sum(max(end - committed[at], 0) for at, end in ends.items())

    def settle(self, seconds: float = 120.0) -> None:
        """Wait until everything in the log is decided and durable."""
        until(lambda: self.lag() == 0, "lag 0", seconds)

    def judge(self, load: Load, watcher: Watcher, since: float) -> Verdict:
        """Compare everything that this load's sites led to."""
        verdict = Verdict()
        poison = {value for each in self.loads for value in each.poison}
        sites = {*load.sites, *load.bulk}
        before = self.truth.objects
        # The clock goes on while we read: what was there before the log is asked for by it, and what the log asks for
        # is there when its ticks are committed.
        self._read()
        self._early = {*self.findings, *(value for values in self.incidents.values() for value in values)}
        rows = {site: unpack(self.rows[site]) for site in load.sites if site in self.rows}
        ticked = self.truth.read(poison, {site: row for site, (row, _) in rows.items()})
        until(lambda: self._waiting([CLOCK], ticked) == 0, "the log's ticks")
        self._read()
        verdict.objects = self.truth.objects - before
        self._judge_ledgers(verdict, load, sites)
        self._judge_dead(verdict, load)
        self._judge_published(verdict, load, sites)
        self._judge_state(verdict, load.sites, {site: blob for site, (_, blob) in rows.items()})
        for text in dict.fromkeys(watcher.ahead):
            verdict.blame("commits", text)
        verdict.gap = max(watcher.pauses(load, since))[0]
        verdict.drained = watcher.drained(load, since)
        return verdict

    def _read(self) -> None:
        for record in self._published.read():
            if record.topic == "findings":
                self.findings.add(record.value or b"")
            elif record.topic == "incidents":
                self.incidents[(record.key or b"").decode()].append(record.value or b"")
            elif record.headers.get("topic") == STATE.encode():
                self.set_aside[(record.key or b"").decode()] = record.value
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
            ledger = self.truth.ledgers[site]
            if site in load.damaged:
                ledger = left(self._plant, site, load.damaged[site])
            learnt = read(unpack(self.rows[site])[1]).seen if site in self.rows else {}
            for device, (number, total) in ledger.items():
                has, sums = learnt.get(device, [0, 0])
                if has < number:
                    verdict.blame("lost", f"{site}/{device}: {number} in the log, {has} learnt")
                elif has > number or sums != total:
                    verdict.blame("twice", f"{site}/{device}: {number} in the log, {has} learnt")

    def _judge_dead(self, verdict: Verdict, load: Load) -> None:
        expected = {place: value for place, value in self.truth.dead.items() if value in load.poison}
        for place, value in expected.items():
            if self.dead.get(place) != value:
                verdict.blame("dead letters", f"{place} is not there")
        for place in self.dead.keys() - self.truth.dead.keys():
            verdict.blame(
                "dead letters", f"{place} was refused and is no poison: {(self.dead.pop(place) or b'')[:80]!r}"
            )
        if self.set_aside != (rows := {site: damage.row for site, damage in load.damaged.items()}):
            verdict.blame("dead letters", f"snapshots of {[*self.set_aside]} were set aside, damaged were {[*rows]}")
        self.set_aside.clear()

    def _judge_published(self, verdict: Verdict, load: Load, sites: set[str]) -> None:
        expected = {value for value in self.truth.findings.values() if told(value).site in sites}
        published = {value for value in self.findings if told(value).site in sites}
        forgotten = {told(value).site for value in published if told(value).detector == DETECTOR}
        if forgotten != load.damaged.keys():
            verdict.blame("findings", f"{forgotten} were said to be forgotten, damaged were {[*load.damaged]}")
        # What counts a site's objects begins anew with it.
        expected = {value for value in expected if told(value).site not in forgotten}
        published = {value for value in published if told(value).site not in forgotten}
        for value in expected - published:
            verdict.blame("findings", f"missing: {value[:200]!r}")
        for value in (published & self._early) - expected:
            verdict.blame("findings", f"not asked for by the log: {value[:200]!r}")
        mine = [name for name, told in self.incidents.items() if _incident(told[0]).site in sites]
        mine += [name for name, incident in self.truth.final.items() if incident.site in sites]
        for name in dict.fromkeys(mine):
            self._judge_incident(verdict, name)
        final = [incident for incident in self.truth.final.values() if incident.site in sites]
        verdict.incidents, verdict.pages = len(final), sum(incident.pages for incident in final)

    def _judge_incident(self, verdict: Verdict, name: str) -> None:
        revisions, told = self.truth.incidents.get(name, {}), self.incidents.get(name, [])
        numbers = {value: _incident(value).revision for value in told}
        asked = set(revisions.values())
        if not asked <= numbers.keys() or (numbers.keys() & self._early) - asked:
            verdict.blame("incidents", f"{name}: revisions {sorted(revisions)}, published {sorted(numbers.values())}")
        elif numbers[told[-1]] != max(numbers.values()):
            verdict.blame("incidents", f"{name}: what stands is not the last revision")

    def _judge_state(self, verdict: Verdict, sites: Iterable[str], rows: Mapping[str, bytes]) -> None:
        for site in sites:
            row = rows.get(site)
            truth = self.truth.frozen.get(site)
            if row is None or truth is None:
                verdict.blame("state", f"{site}: {'no row' if row is None else 'its row is of no cut in the log'}")
            elif truth != row:
                verdict.blame("state", f"{site}: not what the log makes of it at that cut: {difference(row, truth)}")


def difference(one: bytes, other: bytes) -> str:
    """Say where two rows first differ."""
    found = zip(_leaves(one), _leaves(other), strict=False)
    return next((f"{a} instead of {b}"[:200] for a, b in found if a != b), "one goes on")


def _leaves(blob: bytes) -> Iterator[tuple[str, object]]:
    page = read(blob)
    yield from _walk("seen", page.seen)
    yield from _walk("", msgspec.msgpack.decode(page.state))


def _walk(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(f"{path}/{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(f"{path}/{index}", inner)
    else:
        yield path, value
