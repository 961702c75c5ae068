"""Readers and encoders that say nothing in hours in which they always do."""

from typing import ClassVar

from detectors.base import Domain, Row, Stage
from detectors.events import RfidCount, RfidEncode, RfidRead
from detectors.lull import Lull


class RfidSilence(Lull[RfidRead | RfidEncode | RfidCount]):
    """A reader that no longer reads while goods move past others, or all of them at once.

    Where docks and gates have fallen silent, too, nobody works there or the warehouse system is down: one cause.
    """

    name: ClassVar[str] = "rfid.silence"
    title: ClassVar[str] = "readers silent"
    domain: ClassVar[Domain] = "rfid"
    stage: ClassVar[Stage] = "sight"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read", "rfid.encode", "rfid.count")
    rate: ClassVar[float] = 0.02
    hit: ClassVar[float] = 0.15
    explained_by: ClassVar[tuple[str, ...]] = ("shipment.silence",)
    noun: ClassVar[str] = "reader"
    work: ClassVar[str] = "tags"

    @classmethod
    def example(cls, t: float, n: int) -> Row:
        row: Row = {"t": t, "type": "rfid.read", "device": f"rdr-{n}", "biz_step": "storing", "read_point": "A"}
        return row | {"epc": f"urn:epc:id:sgtin:1.1.{t:.0f}"}
