"""Orders that appear out of nowhere: minutes before, of unusual value, approved by too few."""

from collections.abc import Iterable
from math import log, log1p
from typing import ClassVar

from river import stats

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import ShipmentPlanned
from detectors.freight import plain
from detectors.habit import Habit
from detectors.reckoning import sureness
from detectors.scene import Scene
from detectors.shipment import story

RUSH_S = 3600.0
"""An order booked less than this before its window is a rush, s."""
NOTABLE = 7.5
"""Nats from which on an order is worth a finding."""
WARM = 20
"""Orders after which values and people are known."""
MOST_NAMES = 300
USUAL = {"rush": 0.1, "single": 0.15, "carrier": 0.03, "lorry": 0.06, "approver": 0.02, "night": 0.2, "value": 0.05}


class SuddenOrder(Detector[ShipmentPlanned]):
    """Adds up what is unusual about a new order, each by how often it happens here.

    Values are judged on a logarithmic scale by river's mean and variance, above an upper bound by Chebyshev's
    inequality, for a few dear orders among many cheap ones are no normal distribution. Whether one approver is odd
    depends on the value: it is learnt for dear and cheap orders apart. A rebooking of a known order is not news.
    """

    name: ClassVar[str] = "shipment.sudden_order"
    title: ClassVar[str] = "order out of nowhere"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.planned",)
    scope = "site"
    rate: ClassVar[float] = 0.007
    hit: ClassVar[float] = 0.3
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.mean = stats.Mean()
        self.spread = stats.Var()
        self.habits = {name: Habit(usual) for name, usual in USUAL.items()}
        self.dear = Habit(0.2)
        self.names: dict[str, float] = {}

    def score_one(self, event: ShipmentPlanned, scene: Scene) -> Sign | None:
        if event.order in scene.goods.orders or self.mean.n < WARM or not self._hasty(event, scene):
            return None
        nats = {name: self._surprise(name, event) for name, holds in self._facts(event, scene).items() if holds}
        total = sum(nats.values())
        if total < NOTABLE:
            return None
        lead = (event.window_start.timestamp() - scene.time) / 60.0
        evidence: Row = {"surprise": round(total, 1), "facts": {name: round(n, 1) for name, n in nats.items()}}
        evidence |= {"order": event.order, "value": event.value, "approved_by": list(event.approved_by)}
        evidence["lead_min"] = round(lead, 1)
        people = "one person" if len(event.approved_by) == 1 else f"{len(event.approved_by)} people"
        when = f"{lead:.0f} minutes before its window" if lead > 0 else "after its window had begun"
        summary = f"Order {event.order} worth {event.value:.0f} EUR was booked {when} with the approval of {people}."
        return Sign(0.8 * sureness(total + 2.0), summary, evidence, key=event.order)

    def learn_one(self, event: ShipmentPlanned, scene: Scene) -> None:
        if event.order in scene.goods.orders:
            return
        for name, holds in self._facts(event, scene).items():
            self.habits[name].learn(holds)
        value = log1p(event.value)
        self.dear.learn(self._is_dear(event))
        self.mean.update(value)
        self.spread.update(value)
        for name in self._named(event):
            self.names.pop(name, None)
            self.names[name] = scene.time
        while len(self.names) > MOST_NAMES:
            del self.names[next(iter(self.names))]

    def _hasty(self, event: ShipmentPlanned, scene: Scene) -> bool:
        return event.window_start.timestamp() - scene.time < 3.0 * RUSH_S

    def _facts(self, event: ShipmentPlanned, scene: Scene) -> dict[str, bool]:
        lead = event.window_start.timestamp() - scene.time
        dear = self._is_dear(event)
        facts = {"rush": lead < RUSH_S, "night": not scene.open(event.window_start.timestamp())}
        facts["carrier"] = f"c:{event.carrier}" not in self.names
        facts["lorry"] = bool(event.plates) and not any(f"p:{plain(plate)}" in self.names for plate in event.plates)
        facts["approver"] = not all(f"a:{name}" in self.names for name in event.approved_by)
        facts["value"] = dear
        if dear:
            facts["single"] = len(event.approved_by) < 2
        return facts

    def _surprise(self, name: str, event: ShipmentPlanned) -> float:
        if name != "value":
            return self.habits[name].surprise()
        z = self._z(event)
        return max(self.habits[name].surprise(), log(1.0 + z * z))

    def _is_dear(self, event: ShipmentPlanned) -> bool:
        return self.mean.n >= WARM and self._z(event) > 2.0

    def _z(self, event: ShipmentPlanned) -> float:
        spread = max(self.spread.get(), 0.04)
        return float((log1p(event.value) - self.mean.get()) / spread**0.5)

    @staticmethod
    def _named(event: ShipmentPlanned) -> list[str]:
        return [
            f"c:{event.carrier}",
            *(f"p:{plain(plate)}" for plate in event.plates),
            *(f"a:{name}" for name in event.approved_by),
        ]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(12):
            yield from story.ordinary_day(day * 24 * story.HOUR)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        at = 12 * 24 * story.HOUR + 13 * story.HOUR
        order = story.planned(at, "SO-SUDDEN", at + 900, "QQ99XYZ", value=90000.0)
        yield order | {"approved_by": ["m-77"], "carrier": "Night Freight"}
