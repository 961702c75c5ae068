"""More tags read in a quarter of an hour than this site has shown, at all or at this hour of the day."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import RfidRead
from detectors.scene import Scene
from detectors.univariate import factory

WINDOW_S = 900.0
"""Length of the windows that are counted, s."""
SLACK_S = 300.0
"""How long after its end a window is closed, s: clocks are some minutes wrong."""
NOTABLE = 0.35
"""Novelty of a count from which on it is told."""
FEWEST = 10
"""Reads below which a window is no rush, however quiet the site."""


class ReadRate(Detector[RfidRead]):
    """Feeds the number of reads of each quarter of an hour to the univariate detector, and tells of rises.

    Counting the stock is left out, and so are quarters in which nothing at all was heard of the site: what is not
    known is not zero. A rush of orders is new as well, so it is weak evidence.
    """

    name = "rfid.read_rate"
    title = "rush of reads unlike its past"
    domain = "rfid"
    sort = "learnt"
    stage = "goods"
    reads = ("rfid.read",)
    scope = "site"
    rate = 0.05
    hit = 0.05

    def __init__(self) -> None:
        self.start = 0.0
        self.counts = [0, 0]
        self.before = 0
        self.novelty = factory()

    def step(self, event: RfidRead, scene: Scene) -> Sign | None:
        """Count a read; quarters are judged when they are over."""
        start = scene.time // WINDOW_S * WINDOW_S
        if self.start == 0.0:
            self._begin(scene.clock // WINDOW_S * WINDOW_S)
        ahead = int((start - self.start) // WINDOW_S)
        if ahead in (0, 1) and event.biz_step != "cycle_counting":
            self.counts[ahead] += 1
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        """Judge the quarter that is over, then learn from it."""
        start, (count, following) = self.start, self.counts
        if now >= self.wake + WINDOW_S:
            self._begin(now // WINDOW_S * WINDOW_S)
        else:
            self._begin(start + WINDOW_S)
            self.counts[0] = following
        if max(scene.heard, scene.presence.latest) < start:
            return []
        before, self.before = self.before, count
        score = self.novelty.update(float(count), scene.local(start))
        if score < NOTABLE or count < FEWEST or count <= before:
            return []
        summary = (
            f"Within a quarter of an hour {count} tags were read, which is unlike all that this site has shown so far."
        )
        evidence = {"reads": count, "before": before, "novelty": round(score, 2)}
        return [Sign(0.5 * score, summary, evidence, key="rush")]

    def _begin(self, start: float) -> None:
        self.start = start
        self.counts = [0, 0]
        self.wake = start + WINDOW_S + SLACK_S

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _days(6)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _days(6)
        start = 6 * 86400.0
        yield from (_read(start + 9.0 * n) for n in range(40))
        yield from _over(start)


def _days(days: int) -> Iterable[Row]:
    for quarter in range(days * 96):
        at = quarter * WINDOW_S
        if 28 <= quarter % 96 < 76:
            yield from (_read(at + 20.0 * n) for n in range(1 + quarter * 7 % 3))
        yield from _over(at)


def _over(at: float) -> Iterable[Row]:
    yield {"t": at + 850.0, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
    yield {"tick": at + WINDOW_S + SLACK_S}


def _read(t: float) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-a", "biz_step": "picking", "read_point": "A"}
    return row | {"epc": "urn:epc:id:sgtin:1.1.7"}
