"""A chip that names other goods than it did, and nobody rewrote its label."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidEncode, RfidRead
from detectors.freight import chip, label
from detectors.scene import Scene
from detectors.spate import Spate

SEVERAL = 3
"""Chips changed within a day from which on it is no accident."""


class OtherEpc(Detector[RfidRead | RfidEncode]):
    """Compares each chip's EPC with the one it had when it was last seen, or with the one it was registered under.

    An encoder says what it writes; an EPC that changed between two readings was written by something else. The same
    holds if the encoder finds another label than the chip last had. A label that an encoder replaced within the last
    days and that is read once more is news that came late, or a reader with a wrong clock; one odd chip a day may be
    either, too, several are not. Chips without a serial number of their own (a series with one TID) do this all the
    time: how often it happens here is learnt and lowers the score.
    """

    name: ClassVar[str] = "rfid.other_epc"
    title: ClassVar[str] = "tag rewritten past the encoder"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read", "rfid.encode")
    scope = "site"
    rate: ClassVar[float] = 0.1
    hit: ClassVar[float] = 0.2
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.changes = Spate(0.0005, 2000.0)

    def score_one(self, event: RfidRead | RfidEncode, scene: Scene) -> Sign | None:
        return self._sign(event, scene) if event.tid is not None and self._differs(event, event.tid, scene) else None

    def learn_one(self, event: RfidRead | RfidEncode, scene: Scene) -> None:
        if event.tid is not None:
            self.changes.learn(chip(event.tid) if self._differs(event, event.tid, scene) else None, scene.time)

    def step(self, event: RfidRead | RfidEncode, scene: Scene) -> Sign | None:
        """Score, then learn; looks into the memory of tags only once."""
        if event.tid is None:
            return None
        found = self._differs(event, event.tid, scene)
        sign = self._sign(event, scene) if found else None
        self.changes.learn(chip(event.tid) if found else None, scene.time)
        return sign

    def _sign(self, event: RfidRead | RfidEncode, scene: Scene) -> Sign:
        chips = self.changes.count(chip(event.tid or ""), scene.time)
        registered = scene.registry.item_of(event.tid or "") is not None
        sure = 0.8 if registered or chips >= SEVERAL else 0.3 if chips == 1 else 0.55
        score = sure * self.changes.sureness()
        evidence: Row = {"tid": event.tid, "epc": event.epc, "previous_epc": getattr(event, "previous_epc", None)}
        summary = f"The label of chip {event.tid} was changed, and by no encoder of this site."
        if chips > 1:
            summary = f"The labels of {chips} chips were changed within a day, and by no encoder of this site."
        return Sign(score, summary, evidence | {"chips": chips, "registered": registered}, key="label")

    @staticmethod
    def _differs(event: RfidRead | RfidEncode, tid: str, scene: Scene) -> bool:
        goods = scene.goods
        if goods.stale(scene.time):
            return False
        epc = label(event.epc)
        before = goods.labels.tags.label(chip(tid))
        if before is None and (item := scene.registry.item_of(tid)) is not None:
            before = label(item.epc)
        if before is None or before == epc or epc in goods.labels.retired:
            return False
        previous = getattr(event, "previous_epc", None)
        return label(previous) != before if previous is not None else not hasattr(event, "previous_epc")

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
