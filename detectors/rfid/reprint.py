"""One label printed again and again."""

from collections.abc import Iterable
from typing import ClassVar

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidEncode
from detectors.freight import chip, label
from detectors.scene import Scene

MOST = 500
FEWEST = 3
"""Chips with one EPC from which on it is no misprint."""


class Reprint(Detector[RfidEncode]):
    """Counts on how many chips the encoders have written one EPC.

    A label that failed is written once more on another chip; on a third one somebody makes copies.
    """

    name: ClassVar[str] = "rfid.reprint"
    title: ClassVar[str] = "one label printed again and again"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.encode",)
    scope = "site"
    rate: ClassVar[float] = 0.005
    hit: ClassVar[float] = 0.15
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.chips: dict[int, list[int]] = {}

    def score_one(self, event: RfidEncode, scene: Scene) -> Sign | None:
        chips = self.chips.get(label(event.epc), [])
        copies = len(chips) + (chip(event.tid) not in chips)
        if copies < FEWEST:
            return None
        evidence: Row = {"epc": event.epc, "chips": copies, "user": event.user}
        summary = f"The label {event.epc} was written on {copies} different chips."
        return Sign(1.0 - 0.5 ** (copies - 1), summary, evidence, key=str(label(event.epc)))

    def learn_one(self, event: RfidEncode, scene: Scene) -> None:
        epc, tid = label(event.epc), chip(event.tid)
        chips = self.chips.pop(epc, [])
        self.chips[epc] = chips if tid in chips or len(chips) >= 8 else [*chips, tid]
        if len(self.chips) > MOST:
            del self.chips[next(iter(self.chips))]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(5):
            yield _label(60.0 * n, n, n)
        yield _label(400.0, 4, 50)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for n in range(5):
            yield _label(60.0 * n, 1, n)


def _label(t: float, serial: int, n: int) -> Row:
    row: Row = {"t": t, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding", "user": "u-1"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{serial}", "tid": f"E280{n:020X}"}
