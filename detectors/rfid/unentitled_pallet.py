"""Tags that pass a door with no right to."""

from collections.abc import Iterable
from typing import ClassVar

from mypy_extensions import mypyc_attr

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidRead
from detectors.freight import label
from detectors.reckoning import Case, Facts, Reckoning, hour, of_time, score, telling, total
from detectors.scene import Scene
from detectors.state import Part

PAUSE_S = 10 * 60.0
"""Reads this far apart at one door are different pallets, s."""
NEW_S = 86400.0
LEAVING = ("loading", "departing")
MOST_DOORS = 200
NOTABLE = 7.5
EASIER = 2.0
"""A door knows less than a dock, and so has fewer ways to be odd."""
FEWEST = 3
"""Tags of a pallet before it is judged: single reads at a door are strays from beside it."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Pallet(Part):
    """The pallet that a door's reader sees."""

    __slots__ = ("case", "last", "relabelled", "sscc", "tags")

    def __init__(self, sscc: str, at: float) -> None:
        self.sscc = sscc
        self.last = at
        self.tags = 0
        self.relabelled = 0
        self.case = Case()


class UnentitledPallet(Detector[RfidRead]):
    """Reconciles the pallets that a door's reader sees with orders, windows, rewritten labels, hours and the alarm.

    It needs no booking at the dock: goods that leave past the warehouse system are still read by the door.
    """

    name: ClassVar[str] = "rfid.unentitled_pallet"
    title: ClassVar[str] = "tags passing a door with no right to"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "egress"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read",)
    scope = "site"
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.6
    alone: ClassVar[bool] = True
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.reckoning = Reckoning()
        self.doors: dict[str, Pallet] = {}

    def score_one(self, event: RfidRead, scene: Scene) -> Sign | None:
        pallet = self._goes_on(event, scene)
        if pallet is None or not self._telling(pallet, event, scene):
            return None
        case = self.reckoning.weigh(pallet.case, self._facts(pallet, event, scene))
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        evidence: Row = {"surprise": round(nats, 1), "facts": {name: round(n, 1) for name, n in case.nats.items()}}
        evidence |= {"door": event.read_point, "sscc": event.sscc, "tags": pallet.tags + 1, "epc": event.epc}
        summary = f"Goods pass door {event.read_point} and should not: {telling(case)}."
        return Sign(score(case, EASIER), summary, evidence, key=event.read_point, hour=hour(case))

    def learn_one(self, event: RfidRead, scene: Scene) -> None:
        if event.biz_step not in LEAVING:
            return
        pallet = self._goes_on(event, scene)
        if pallet is None:
            self.doors.pop(event.read_point, None)
            pallet = self.doors[event.read_point] = Pallet(event.sscc or "", scene.time)
            if len(self.doors) > MOST_DOORS:
                del self.doors[next(iter(self.doors))]
        elif self._telling(pallet, event, scene):
            facts = self._facts(pallet, event, scene)
            pallet.case = self.reckoning.weigh(pallet.case, facts)
            self.reckoning.learn(pallet.case, facts)
        pallet.last = max(pallet.last, scene.time)
        pallet.tags += 1
        pallet.relabelled += self._relabelled(event, scene)

    def _goes_on(self, event: RfidRead, scene: Scene) -> Pallet | None:
        if event.biz_step not in LEAVING:
            return None
        pallet = self.doors.get(event.read_point)
        if pallet is None or abs(scene.time - pallet.last) > PAUSE_S or pallet.sscc != (event.sscc or ""):
            return None
        return pallet

    def _telling(self, pallet: Pallet, event: RfidRead, scene: Scene) -> bool:
        """Whether this tag tells something about the pallet that the ones before did not."""
        tags = pallet.tags + 1
        return tags == FEWEST or (tags > FEWEST and pallet.relabelled == 1 and self._relabelled(event, scene))

    @staticmethod
    def _relabelled(event: RfidRead, scene: Scene) -> bool:
        return scene.goods.labels.was_rewritten(label(event.epc), scene.time)

    @classmethod
    def _facts(cls, pallet: Pallet, event: RfidRead, scene: Scene) -> Facts:
        goods, at, facts = scene.goods, scene.time, of_time(scene)
        order = goods.order_of(event.sscc)
        if event.sscc is not None and scene.age() > NEW_S and goods.pallets:
            facts["unplanned"] = "" if order is not None else "the pallet belongs to no order"
        if order is not None:
            off = max(order.start - at, at - order.end) / 3600.0
            facts["off_window"] = f"its window is {off:.1f} h away" if off > 1.0 else ""
            facts["far_off_window"] = f"its window is {off:.1f} h away" if off > 3.0 else ""
        many = pallet.relabelled + cls._relabelled(event, scene) >= 2
        facts["relabelled"] = "goods were relabelled shortly before" if many else ""
        return facts

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(40):
            yield _tag(9 * 3600.0 + 240.0 * n, n, n // 8)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        yield {"t": 75600.0, "type": "alarm.signal", "device": "panel-1", "code": "CL"}
        for n in range(4):
            row: Row = {"t": 86400.0 + 60.0 * n, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding"}
            yield row | {
                "epc": f"urn:epc:id:sgtin:1.1.{900 + n}",
                "previous_epc": f"urn:epc:id:sgtin:1.2.{n}",
                "tid": "E2",
            }
        for n in range(4):
            yield _tag(90000.0 + 5.0 * n, 900 + n, 77)


def _tag(t: float, n: int, pallet: int) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-d1", "biz_step": "loading", "read_point": "D1"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{n}", "sscc": f"urn:epc:id:sscc:1.{pallet}"}
