"""Pallets that pass a dock's door and are booked by nobody."""

from collections.abc import Iterable
from math import inf
from typing import ClassVar

from mypy_extensions import mypyc_attr

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidRead, ShipmentLoaded
from detectors.freight import SKEW_S, label
from detectors.reckoning import Case, Facts, Reckoning, hour, of_time, score, telling, total
from detectors.scene import Scene
from detectors.state import Part

PAUSE_S = 5 * 60.0
NAMELESS_S = 40.0
"""Reads this far apart at one door are different pallets, where they are named and where they are not, s."""
BOOKED_S = 10 * 60.0
"""How long after its tags a pallet's booking is waited for at the most, s."""
SOONEST_S = 150.0
"""How long it is waited for at the least, s."""
SLOWER = 1.5
"""How many times the longest that a booking took of late is waited for."""
FADE = 0.999
"""What is left of that with each further booking."""
SPELL_S = 45 * 60.0
"""Pallets this far apart at one door belong to different lorries, s."""
FEWEST = 3
"""Tags that make a pallet: one or two at a door are strays that pass by."""
SEVERAL = 3
DOUBTED = 0.8
"""The most that is believed of fewer: a pallet may only pass by, or be booked tomorrow, whatever the hour."""
WARM = 20
"""Pallets booked in time after which a missing booking says something."""
NOTABLE = 7.5
EASIER = 2.0
"""A door knows less than a dock, and so has fewer ways to be odd."""
MOST_DOORS = 200
MOST_WAITING = 60
LEAVING = ("loading", "departing")


@mypyc_attr(allow_interpreted_subclasses=True)
class Passed(Part):
    """A pallet that a door's reader saw, waiting for its booking; `seen` is in arrival time."""

    __slots__ = ("door", "last", "seen", "sscc", "tags")

    def __init__(self, door: str, sscc: str, at: float, seen: float) -> None:
        self.door = door
        self.sscc = sscc
        self.last = at
        self.seen = seen
        self.tags = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Spell(Part):
    """What went through one door in one go, and was not booked."""

    __slots__ = ("case", "last", "unbooked")

    def __init__(self, at: float) -> None:
        self.last = at
        self.unbooked = 0
        self.case = Case()


class UnbookedPallet(Detector[RfidRead | ShipmentLoaded]):
    """Reconciles the pallets that a door's reader sees with the loads booked at its dock.

    Goods that leave by day, past the warehouse system, are read by the door all the same. A load is the pallet's if it
    names it, or its dock, around that time. Strays are no pallets, and how often a pallet goes unbooked here, and how
    many of them in a row, is learnt: a site that books afterwards, or never, says nothing by it.
    """

    name: ClassVar[str] = "rfid.unbooked_pallet"
    title: ClassVar[str] = "pallets pass a door with no load booked"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "egress"
    reads: ClassVar[tuple[str, ...]] = ("rfid.read", "shipment.loaded")
    scope = "site"
    rate: ClassVar[float] = 0.005
    hit: ClassVar[float] = 0.4
    alone: ClassVar[bool] = True
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.reckoning = Reckoning()
        self.waiting: list[Passed] = []
        self.spells: dict[str, Spell] = {}
        self.loads: dict[str, float] = {}
        self.booked = 0
        self.slowest = 0.0
        self.wake = inf

    def learn_one(self, event: RfidRead | ShipmentLoaded, scene: Scene) -> None:
        dock: str | None = getattr(event, "dock", None)
        if dock is not None:
            self._book(dock, event.sscc, scene.time, scene.clock)
        elif getattr(event, "biz_step", "") in LEAVING:
            self._pass(getattr(event, "read_point", ""), event.sscc or "", scene)

    def _book(self, dock: str, sscc: str | None, at: float, clock: float) -> None:
        self.loads.pop(dock, None)
        self.loads[dock] = at
        if len(self.loads) > MOST_DOORS:
            del self.loads[next(iter(self.loads))]
        known = any(passed.door == dock for passed in self.waiting)
        kept = []
        for passed in self.waiting:
            near = -SKEW_S <= at - passed.last <= BOOKED_S + PAUSE_S
            same = passed.sscc == sscc if sscc is not None and passed.sscc else passed.door == dock or not known
            if near and same:
                self.booked += passed.tags >= FEWEST
                self.slowest = max(self.slowest * FADE, clock - passed.seen)
                self._judge(passed, {"unbooked": ""}, at)
            else:
                kept.append(passed)
        self.waiting = kept

    def _pass(self, door: str, sscc: str, scene: Scene) -> None:
        at = scene.time
        pause = PAUSE_S if sscc else NAMELESS_S
        for passed in reversed(self.waiting):
            if passed.door == door and passed.sscc == sscc and abs(at - passed.last) <= pause:
                break
        else:
            if at < scene.clock - BOOKED_S or at - self.loads.get(door, -inf) < 60.0:
                return  # Old news, or the rest of a pallet that is booked already.
            passed = Passed(door, sscc, at, scene.clock)
            self.waiting = [*self.waiting[-MOST_WAITING:], passed]
            self.wake = min(self.wake, scene.clock + self._patience())
        passed.last = max(passed.last, at)
        passed.tags += 1

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        patience = self._patience()
        over = [passed for passed in self.waiting if passed.seen + patience <= now]
        self.waiting = [passed for passed in self.waiting if passed.seen + patience > now]
        self.wake = min((passed.seen + patience for passed in self.waiting), default=inf)
        for passed in over:
            if passed.tags >= FEWEST and not scene.maintained(self.domain, "", passed.last):
                scene.time = passed.last
                sign = self._sign(passed, self._judge(passed, self._facts(passed, scene), passed.last))
                scene.time = now
                if sign is not None:
                    yield sign

    def _patience(self) -> float:
        """Seconds for which a booking is waited for: a little longer than bookings take here."""
        if self.booked < WARM:
            return BOOKED_S
        return min(max(SLOWER * self.slowest, SOONEST_S), BOOKED_S)

    def _judge(self, passed: Passed, facts: Facts, at: float) -> Spell:
        spell = self.spells.pop(passed.door, None)
        if spell is None or abs(at - spell.last) > SPELL_S:
            spell = Spell(at)
        self.spells[passed.door] = spell
        if len(self.spells) > MOST_DOORS:
            del self.spells[next(iter(self.spells))]
        if passed.tags >= FEWEST:
            spell.last = max(spell.last, at)
            facts = dict(facts)
            unbooked = bool(facts["unbooked"])
            spell.unbooked += unbooked
            phrase = f"{spell.unbooked} pallets in a row were booked by nobody" if unbooked else ""
            facts["many_unbooked"] = phrase if spell.unbooked >= SEVERAL else ""
            facts["heaps_unbooked"] = phrase if spell.unbooked > SEVERAL + 1 else ""
            spell.case = self.reckoning.weigh(spell.case, facts)
            self.reckoning.learn(spell.case, facts)
        return spell

    @staticmethod
    def _facts(passed: Passed, scene: Scene) -> Facts:
        facts = of_time(scene)
        facts["unbooked"] = "nobody booked its loading"
        if scene.goods.pallets:
            order = scene.goods.order_of(passed.sscc)
            facts["unplanned"] = "" if order is not None else "the pallet belongs to no order"
        return facts

    def _sign(self, passed: Passed, spell: Spell) -> Sign | None:
        nats = total(spell.case.nats)
        if nats < NOTABLE or self.booked < WARM:
            return None
        facts: Row = {name: round(n, 1) for name, n in spell.case.nats.items()}
        evidence: Row = {"surprise": round(nats, 1), "facts": facts, "door": passed.door, "sscc": passed.sscc or None}
        evidence |= {"tags": passed.tags, "unbooked": spell.unbooked}
        summary = f"A pallet passed door {passed.door} and should not: {telling(spell.case)}."
        certain, key = score(spell.case, EASIER), str(label(passed.door))
        if spell.unbooked < SEVERAL:
            certain = min(certain, DOUBTED)
        return Sign(certain, summary, evidence, device=passed.door, key=key, hour=hour(spell.case))

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for n in range(30):
            at = 9 * 3600.0 + 600.0 * n
            for k in range(4):
                yield _tag(at + k, n * 4 + k, f"urn:epc:id:sscc:1.{n}")
            yield {"t": at + 20.0, "type": "shipment.loaded", "device": "dock-1", "dock": "D1", "order": "SO-1"}
            yield {"tick": at + 590.0}
        yield _tag(15 * 3600.0, 999, None)
        yield {"tick": 15 * 3600.0 + 1200.0}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for day in range(20):
            yield from (
                row | {key: row[key] + day * 86400.0 for key in ("t", "tick") if key in row} for row in cls.quiet()
            )
        for n in range(4):
            at = 20 * 86400.0 + 10 * 3600.0 + 150.0 * n
            for k in range(6):
                yield _tag(at + k, 9000 + n * 6 + k, f"urn:epc:id:sscc:9.{n}")
        yield {"tick": 20 * 86400.0 + 11.5 * 3600.0}


def _tag(t: float, n: int, sscc: str | None) -> Row:
    row: Row = {"t": t, "type": "rfid.read", "device": "rdr-d1", "biz_step": "loading", "read_point": "D1"}
    return row | {"epc": f"urn:epc:id:sgtin:1.1.{n}", "sscc": sscc}
