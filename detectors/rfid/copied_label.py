"""A chip is given the label of another one."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidEncode
from detectors.freight import chip, label
from detectors.rfid.clone import on_another_chip
from detectors.scene import Scene
from detectors.spate import Spate

MANY = 6
"""Chips of a day from which on it is no slip of the hand."""


class CopiedLabel(Detector[RfidEncode]):
    """Says when goods that have a label are given the label that other goods of the house carry.

    So goods are made to pass for those of an order, and it shows before they move. A damaged tag is replaced by a blank
    one, which carried nothing. Several within a day make it surer, and many are a sign by themselves: nobody labels
    goods in bulk as others that stand beside them. How often it happens at this site all the same is learnt and lowers
    the score.
    """

    name: ClassVar[str] = "rfid.copied_label"
    title: ClassVar[str] = "goods given the label of others"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.encode",)
    scope = "site"
    rate: ClassVar[float] = 0.005
    hit: ClassVar[float] = 0.2
    alone: ClassVar[bool] = True
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.copies = Spate(0.002, 500.0)

    def score_one(self, event: RfidEncode, scene: Scene) -> Sign | None:
        if not _copied(event, scene):
            return None
        chips = self.copies.count(chip(event.tid), scene.time)
        sure = 1.0 - 0.3 / chips if chips >= MANY else 0.7 + 0.02 * (chips - 1)
        evidence: Row = {"epc": event.epc, "tid": event.tid, "previous_epc": event.previous_epc}
        evidence |= {"user": event.user, "chips": chips}
        summary = f"Chip {event.tid} was given the label of other goods, {event.epc}, in place of its own."
        if chips > 1:
            summary = f"{summary[:-1]}; {chips} chips were given others' labels within a day."
        return Sign(sure * self.copies.sureness(), summary, evidence, key="copy")

    def learn_one(self, event: RfidEncode, scene: Scene) -> None:
        self.copies.learn(chip(event.tid) if _copied(event, scene) else None, scene.time)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(3):
            yield _read(1.0 + n, n, n)
        yield _label(30.0, 1, "B1")
        yield _label(60.0, 7, "A2", 2)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for n in range(3):
            yield _read(1.0 + n, n, n)
        yield _label(60.0, 1, "A2", 2)


def _copied(event: RfidEncode, scene: Scene) -> bool:
    before = scene.goods.labels.before(event)
    if before is None or before == label(event.epc) or scene.goods.stale(scene.time):
        return False
    return on_another_chip(event.epc, event.tid, scene)


def _read(t: float, chip: int, serial: int) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-1", "biz_step": "storing", "read_point": "A"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{serial}", "tid": f"A{chip}"}


def _label(t: float, serial: int, tid: str, previous: int | None = None) -> Row:
    row: Row = {"t": t, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding", "user": "u-1", "tid": tid}
    row["epc"] = f"urn:epc:id:sgtin:1.1.{serial}"
    return row if previous is None else row | {"previous_epc": f"urn:epc:id:sgtin:1.1.{previous}"}
