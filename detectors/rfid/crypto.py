"""Tags that fail to prove that they are genuine, or do not answer at all."""

from collections.abc import Iterable
from math import lgamma, log
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidRead
from detectors.habit import Habit
from detectors.scene import Scene

WINDOW_S = 3600.0
NOTABLE = 9.0
"""Nats from which on a share of failures is worth a finding; a site has thousands of windows a year."""
FEWEST = 3
WARM = 300.0
"""Reads after which the usual shares are known."""


class Crypto(Detector[RfidRead]):
    """Counts failed and missing crypto answers within an hour against how often they happen here.

    A single failure is a tag read at the edge of the field. Their number is judged by the tail of a Poisson
    distribution around the site's own rate, for failures and for missing answers apart.
    """

    name: ClassVar[str] = "rfid.crypto"
    title: ClassVar[str] = "tags fail their crypto answer"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read",)
    scope = "site"
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.15

    def __init__(self) -> None:
        self.failing = Habit(0.005, 400.0)
        self.missing = Habit(0.5, 40.0)
        self.since = 0.0
        self.reads_ = 0
        self.failed = 0
        self.absent = 0

    def score_one(self, event: RfidRead, scene: Scene) -> Sign | None:
        if event.authenticated:
            return None
        fresh = not 0.0 <= scene.time - self.since <= WINDOW_S
        reads = 1 + (0 if fresh else self.reads_)
        if event.authenticated is False:
            count, habit, what = 1 + (0 if fresh else self.failed), self.failing, "failed"
        else:
            count, habit, what = 1 + (0 if fresh else self.absent), self.missing, "did not give"
        if count < FEWEST or habit.seen < WARM:
            return None
        nats = _tail(count, reads * habit.probability())
        if nats < NOTABLE:
            return None
        evidence: Row = {"count": count, "reads": reads, "usual_share": round(habit.probability(), 4), "surprise": nats}
        summary = f"Of {reads} tags {count} {what} their crypto answer within an hour, which is unusual here."
        return Sign(min(0.9, 0.3 + 0.04 * (nats - NOTABLE)), summary, evidence, key=what)

    def learn_one(self, event: RfidRead, scene: Scene) -> None:
        if not 0.0 <= scene.time - self.since <= WINDOW_S:
            self._close()
            self.since = scene.time
        self.reads_ += 1
        self.failed += event.authenticated is False
        self.absent += event.authenticated is None

    def _close(self) -> None:
        for habit, count in ((self.failing, self.failed), (self.missing, self.absent)):
            suspect = (
                habit.seen >= WARM and count >= FEWEST and _tail(count, self.reads_ * habit.probability()) >= NOTABLE
            )
            share = 0.05 if suspect else 1.0
            if habit.seen > 5000.0:
                habit.seen, habit.yes = habit.seen / 2, habit.yes / 2
            habit.seen += share * self.reads_
            habit.yes += share * count
        self.reads_ = self.failed = self.absent = 0

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(400):
            yield _read(30.0 * n, n, n % 90 != 5)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        for n in range(8):
            yield _read(14000.0 + 5.0 * n, 300 + n, False)


def _tail(count: int, expected: float) -> float:
    """Bound −ln of the Poisson probability of at least `count`; 0 when no more than expected came."""
    if count <= expected:
        return 0.0
    return round(expected - count * log(expected) + lgamma(count + 1.0), 2)


def _read(t: float, n: int, genuine: bool) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "biz_step": "storing", "read_point": "A"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{n}", "authenticated": genuine}
