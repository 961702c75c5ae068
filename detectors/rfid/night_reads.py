"""Goods that move inside a closed site."""

from collections.abc import Iterable
from typing import ClassVar

from mypy_extensions import mypyc_attr

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidRead
from detectors.reckoning import Case, Reckoning, hour, of_time, score, telling, total
from detectors.scene import Scene
from detectors.state import Part

PAUSE_S = 30 * 60.0
"""Reads this far apart are different spells of work, s."""
FEWEST = 3
"""Reads of a spell before it is judged: a fallen box or a passing forklift wakes a single tag."""
NOTABLE = 6.0
EASIER = 3.0
"""A site has a few spells of work a day, and this looks at the time only."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Spell(Part):
    """Goods moving without a pause."""

    __slots__ = ("case", "last", "reads")

    def __init__(self, at: float) -> None:
        self.last = at
        self.reads = 0
        self.case = Case()


class NightReads(Detector[RfidRead]):
    """Judges spells of picking, storing and staging by the site's hours and the intruder alarm.

    What passes a door is `rfid.unentitled_pallet`'s. Readers that see the same resting tags all night teach within
    days that this is usual here.
    """

    name: ClassVar[str] = "rfid.night_reads"
    title: ClassVar[str] = "goods move in a closed site"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read",)
    scope = "site"
    rate: ClassVar[float] = 0.03
    hit: ClassVar[float] = 0.1

    def __init__(self) -> None:
        self.reckoning = Reckoning()
        self.spell: Spell | None = None

    def score_one(self, event: RfidRead, scene: Scene) -> Sign | None:
        spell = self.spell
        if spell is None or spell.reads != FEWEST - 1 or not self._counts(event) or self._over(spell, scene.time):
            return None
        case = self.reckoning.weigh(spell.case, of_time(scene))
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        evidence: Row = {"surprise": round(nats, 1), "facts": {name: round(n, 1) for name, n in case.nats.items()}}
        evidence |= {"read_point": event.read_point, "biz_step": event.biz_step}
        summary = f"Goods are being moved at {event.read_point} and should not: {telling(case)}."
        return Sign(score(case, EASIER), summary, evidence, key="spell", hour=hour(case))

    def learn_one(self, event: RfidRead, scene: Scene) -> None:
        if not self._counts(event):
            return
        spell = self.spell
        if spell is None or self._over(spell, scene.time):
            spell = self.spell = Spell(scene.time)
        spell.reads += 1
        if scene.time > spell.last:
            spell.last = scene.time
        if spell.reads == FEWEST:
            facts = of_time(scene)
            spell.case = self.reckoning.weigh(spell.case, facts)
            self.reckoning.learn(spell.case, facts)

    @staticmethod
    def _over(spell: Spell, at: float) -> bool:
        return abs(at - spell.last) > PAUSE_S

    @staticmethod
    def _counts(event: RfidRead) -> bool:
        return event.biz_step != "loading" and event.biz_step != "departing"

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(60):
            yield _read(9 * 3600.0 + 400.0 * n, n)
        yield {"t": 75600.0, "type": "alarm.signal", "device": "panel-1", "code": "CL"}
        yield _read(90000.0, 99)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        for n in range(5):
            yield _read(91000.0 + 9.0 * n, n)


def _read(t: float, n: int) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-a", "biz_step": "picking", "read_point": "A"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{n}"}
