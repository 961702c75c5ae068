"""One EPC that answers in two places in turn."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidRead
from detectors.freight import label
from detectors.habit import Habit
from detectors.scene import Scene

RETURN_S = 120.0
"""Goods don't go to another reader and come back within this time, s."""
FORGOTTEN_S = 600.0
MOST = 1500
FAINT = -68.0
"""A weaker answer than this comes from beside the reader's place, dBm."""


class TwoPlaces(Detector[RfidRead]):
    """Says when an EPC is read at one place, at another, and at the first again within two minutes.

    This finds clones where readers give no chip id. Neighbouring readers hear each other's goods: faint answers are
    left out, and how often it happens at this site all the same is learnt and lowers the score.
    """

    name: ClassVar[str] = "rfid.two_places"
    title: ClassVar[str] = "tag in two places at once"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read",)
    scope = "site"
    rate: ClassVar[float] = 0.02
    hit: ClassVar[float] = 0.15

    def __init__(self) -> None:
        self.habit = Habit(0.001, 2000.0)
        self.seen: dict[int, tuple[str, float, str]] = {}

    def score_one(self, event: RfidRead, scene: Scene) -> Sign | None:
        last = self.seen.get(label(event.epc))
        if last is None or last[0] == event.read_point or not self._returns(last, event, scene.time):
            return None
        evidence: Row = {"epc": event.epc, "here": event.read_point, "there": last[0]}
        summary = f"Tag {event.epc} answers at {event.read_point} and at {last[0]} in turn."
        return Sign(0.7 * 0.003 / (0.003 + self.habit.probability()), summary, evidence, key="places")

    def learn_one(self, event: RfidRead, scene: Scene) -> None:
        if _faint(event):
            return
        epc, at = label(event.epc), scene.time
        last = self.seen.pop(epc, None)
        if last is None or last[0] == event.read_point:
            before = last[2] if last is not None and at - last[1] <= RETURN_S else ""
        else:
            self.habit.learn(self._returns(last, event, at))
            before = last[0] if abs(at - last[1]) <= RETURN_S else ""
        self.seen[epc] = (event.read_point, at, before)
        oldest = next(iter(self.seen))
        while len(self.seen) > MOST or at - self.seen[oldest][1] > FORGOTTEN_S:
            del self.seen[oldest]
            oldest = next(iter(self.seen))

    @staticmethod
    def _returns(last: tuple[str, float, str], event: RfidRead, at: float) -> bool:
        return last[2] == event.read_point and 0.0 <= at - last[1] <= RETURN_S and not _faint(event)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n, place in enumerate(("A", "A", "STG", "D1", "D1")):
            yield _read(600.0 * n, place)
        yield _read(2430.0, "A") | {"rssi": -74.0}
        yield _read(2440.0, "D1")

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for n, place in enumerate(("A", "D1", "A", "D1")):
            yield _read(20.0 * n, place)


def _faint(event: RfidRead) -> bool:
    return event.rssi is not None and event.rssi < FAINT


def _read(t: float, place: str) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": f"rdr-{place}", "biz_step": "storing", "read_point": place}
    return row | {"epc": "urn:epc:id:sgtin:1.1.1", "rssi": -50.0}
