"""One EPC on two chips."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidRead
from detectors.freight import chip, label
from detectors.scene import Scene
from detectors.spate import Spate


class Clone(Detector[RfidRead]):
    """Says when an EPC answers from another chip than before, although that one's label was not rewritten.

    Registered goods are compared with the chip that they were registered with when they are seen for the first time. A
    damaged tag that is replaced by a new one with the same EPC passes the encoder and is no clone. Several of them
    within a day make it surer. How often it happens at this site all the same is learnt and lowers the score.
    """

    name: ClassVar[str] = "rfid.clone"
    title: ClassVar[str] = "cloned tag"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read",)
    scope = "site"
    rate: ClassVar[float] = 0.005
    hit: ClassVar[float] = 0.2
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.clones = Spate(0.0005, 2000.0)

    def score_one(self, event: RfidRead, scene: Scene) -> Sign | None:
        return self._sign(event, scene) if self._cloned(event, scene) else None

    def step(self, event: RfidRead, scene: Scene) -> Sign | None:
        """Score, then learn; looks into the memory of tags only once."""
        if event.tid is None:
            return None
        found = self._cloned(event, scene)
        sign = self._sign(event, scene) if found else None
        self.clones.learn(label(event.epc) if found else None, scene.time)
        return sign

    def _sign(self, event: RfidRead, scene: Scene) -> Sign:
        labels = self.clones.count(label(event.epc), scene.time)
        score = (1.0 - 0.2 / labels) * self.clones.sureness()
        evidence: Row = {"epc": event.epc, "tid": event.tid, "read_point": event.read_point, "labels": labels}
        summary = f"Two tags carry the same label: {event.epc} now also answers from chip {event.tid}."
        if labels > 1:
            summary = f"{summary[:-1]}; {labels} labels were found twice within a day."
        return Sign(score, summary, evidence, key="clone")

    def learn_one(self, event: RfidRead, scene: Scene) -> None:
        if event.tid is not None:
            self.clones.learn(label(event.epc) if self._cloned(event, scene) else None, scene.time)

    @staticmethod
    def _cloned(event: RfidRead, scene: Scene) -> bool:
        return event.tid is not None and on_another_chip(event.epc, event.tid, scene)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield _read(1.0, "A1", "1")
        yield {
            "t": 30.0,
            "type": "rfid.encode",
            "device": "enc-1",
            "biz_step": "encoding",
            "tid": "B1",
            "epc": "urn:epc:id:sgtin:1.1.1",
        }
        yield _read(60.0, "B1", "1")
        yield _read(90.0, "A2", "2")

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _read(1.0, "A1", "1")
        yield _read(60.0, "B1", "1")


def on_another_chip(epc: str, tid: str, scene: Scene) -> bool:
    """Whether goods that carry this EPC are known by another chip than this, by what was read or else registered."""
    goods, name = scene.goods, label(epc)
    other = goods.labels.tags.chip(name)
    if other is None:
        item = scene.registry.item(epc)
        return item is not None and item.tid is not None and item.tid.upper() != tid.upper()
    return other != chip(tid) and goods.labels.tags.label(other) == name and not goods.stale(scene.time)


def _read(t: float, tid: str, serial: str) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "biz_step": "storing", "read_point": "A"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{serial}", "tid": tid}
