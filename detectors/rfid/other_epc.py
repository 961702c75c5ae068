"""A chip that names other goods than it did, and nobody rewrote its label."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidEncode, RfidRead
from detectors.freight import chip, label
from detectors.habit import Habit
from detectors.scene import Scene


class OtherEpc(Detector[RfidRead | RfidEncode]):
    """Compares each chip's EPC with the one it had when it was last seen.

        An encoder says what it writes; an EPC that changed between two readings was written by something else. The same
    holds if the encoder finds another label than the chip last had. A label that an encoder replaced within the last
    days and that is read once more is news that came late, or a reader with a wrong clock. Chips without a serial
    number of their own (a series with one TID) do this all the time: how often it happens here is learnt and lowers the
    score.
    """

    name: ClassVar[str] = "rfid.other_epc"
    title: ClassVar[str] = "tag rewritten past the encoder"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read", "rfid.encode")
    scope = "site"
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.2
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.habit = Habit(0.0005, 2000.0)

    def score_one(self, event: RfidRead | RfidEncode, scene: Scene) -> Sign | None:
        return self._sign(event) if self._differs(event, scene) else None

    def step(self, event: RfidRead | RfidEncode, scene: Scene) -> Sign | None:
        """Score, then learn; looks into the memory of tags only once."""
        if event.tid is None:
            return None
        found = self._differs(event, scene)
        sign = self._sign(event) if found else None
        self.habit.learn(found)
        return sign

    def _sign(self, event: RfidRead | RfidEncode) -> Sign:
        score = 0.8 * 0.003 / (0.003 + self.habit.probability())
        evidence: Row = {"tid": event.tid, "epc": event.epc, "previous_epc": getattr(event, "previous_epc", None)}
        summary = f"The label of chip {event.tid} was changed, and by no encoder of this site."
        return Sign(score, summary, evidence, key="label")

    def learn_one(self, event: RfidRead | RfidEncode, scene: Scene) -> None:
        if event.tid is not None:
            self.habit.learn(self._differs(event, scene))

    @staticmethod
    def _differs(event: RfidRead | RfidEncode, scene: Scene) -> bool:
        if event.tid is None or scene.goods.stale(scene.time):
            return False
        before = scene.goods.tags.label(chip(event.tid))
        if before is None or label(event.epc) in scene.goods.retired:
            return False
        previous = getattr(event, "previous_epc", None)
        found = previous if hasattr(event, "previous_epc") else event.epc
        return found is not None and before != label(found) and before != label(event.epc)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield _read(1.0, "A1", "1")
        yield _read(60.0, "A1", "1")
        yield _encode(100.0, "A1", "2", "1")
        yield _read(200.0, "A1", "2")

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        yield _read(300.0, "A1", "3")
        yield _encode(400.0, "A1", "5", "4")


def _read(t: float, tid: str, serial: str) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "biz_step": "storing", "read_point": "A"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{serial}", "tid": tid}


def _encode(t: float, tid: str, serial: str, previous: str) -> Row:
    row: Row = {"t": t, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding", "tid": tid}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{serial}", "previous_epc": f"urn:epc:id:sgtin:1.1.{previous}"}
