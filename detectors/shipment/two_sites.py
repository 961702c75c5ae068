"""A plate seen at two sites that no lorry joins in the time between."""

from collections.abc import Iterable
from math import inf
from typing import ClassVar

from mypy_extensions import mypyc_attr

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.elsewhere import DELAY_S, UNKNOWN_S, clash
from detectors.events import ShipmentGate
from detectors.freight import differing, plain
from detectors.habit import Habit
from detectors.scene import Scene
from detectors.shipment import story
from detectors.state import Part

SURE = 0.85
"""Likelihood from which on a plate counts as read without mistake."""
SHORTEST = 5
"""Characters of a plate at the least; shorter ones are scraps, or the same in several countries."""
LOOK_S = 300.0
"""Seconds between two looks for what other sites saw after this one did."""
KEPT_S = 4 * 3600.0
MOST = 200


@mypyc_attr(allow_interpreted_subclasses=True)
class Seen(Part):
    """A plate that passed this gate: where, when, how surely it was read, and until when it is looked for elsewhere."""

    __slots__ = ("device", "likelihood", "time", "until")

    def __init__(self, device: str, time: float, likelihood: float, until: float) -> None:
        self.device = device
        self.time = time
        self.likelihood = likelihood
        self.until = until


class TwoSites(Detector[ShipmentGate]):
    """Compares a plate at this gate with the last hours' sightings at other sites, and goes on looking for a while.

    With declared places the distance decides, with room for clocks that are wrong; without, only a minute or so is too
    little, and sites that share lorries all day are learnt. Badly read plates are not judged, nor are those that the
    site's own lorries resemble.
    """

    name: ClassVar[str] = "shipment.two_sites"
    title: ClassVar[str] = "plate at two sites at once"
    domain: ClassVar[Domain] = "shipment"
    sort: ClassVar[Sort] = "definite"
    stage: ClassVar[Stage] = "goods"
    reads: ClassVar[tuple[str, ...]] = ("shipment.gate",)
    scope = "site"
    rate: ClassVar[float] = 0.006
    hit: ClassVar[float] = 0.08
    repeat_s: ClassVar[float] = 86400.0

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {}
        self.shared: dict[str, Habit] = {}

    def score_one(self, event: ShipmentGate, scene: Scene) -> Sign | None:
        plate = plain(event.plate)
        if event.likelihood < SURE or len(plate) < SHORTEST:
            return None
        return self._judge(plate, Seen(event.device, scene.time, event.likelihood, inf), scene)

    def learn_one(self, event: ShipmentGate, scene: Scene) -> None:
        plate = plain(event.plate)
        if event.likelihood < SURE or len(plate) < SHORTEST or scene.clock - scene.time > KEPT_S:
            return
        for other in scene.elsewhere.sightings(plate):
            self.shared.setdefault(other.site, Habit(0.02, 10.0)).learn(abs(scene.time - other.time) < UNKNOWN_S)
        while len(self.shared) > MOST:
            del self.shared[next(iter(self.shared))]
        self.seen.pop(plate, None)
        self.seen[plate] = Seen(event.device, scene.time, event.likelihood, scene.clock + KEPT_S)
        while len(self.seen) > MOST:
            del self.seen[next(iter(self.seen))]
        self.wake = min(self.wake, scene.clock + DELAY_S + 1.0)

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        self.seen = {plate: seen for plate, seen in self.seen.items() if seen.until > now}
        self.wake = now + LOOK_S if self.seen else inf
        signs = []
        for plate, seen in list(self.seen.items()):
            sign = self._judge(plate, seen, scene)
            if sign is not None:
                del self.seen[plate]
                signs.append(sign)
        return signs

    def _judge(self, plate: str, seen: Seen, scene: Scene) -> Sign | None:
        worst = clash(seen.time, scene.elsewhere.sightings(plate), scene.place)
        if worst is None or self._misread(plate, scene):
            return None
        score = seen.likelihood * (0.5 + 0.5 * worst.excess)
        if worst.distance is None:
            habit = self.shared.get(worst.other.site)
            score *= 0.6 * (0.02 / max(habit.probability(), 0.02) if habit else 1.0)
        minutes = abs(seen.time - worst.other.time) / 60.0
        away = "" if worst.distance is None else f", {worst.distance:.0f} km away,"
        summary = f"Lorry {plate} was seen at {worst.other.site}{away} within {minutes:.0f} minutes of being here."
        numbers: Row = {"plate": plate, "site": worst.other.site, "minutes": round(minutes, 1)}
        numbers |= {"km": None if worst.distance is None else round(worst.distance, 1), "likelihood": seen.likelihood}
        return Sign(score, summary, numbers, seen.device, plate)

    @staticmethod
    def _misread(plate: str, scene: Scene) -> bool:
        """Whether one of the site's own lorries was probably meant."""
        plates = scene.goods.plates
        known = plate in plates and plates[plate].registered
        return not known and any(other.registered and differing(plate, name) == 1 for name, other in plates.items())

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        return story.ordinary_day()

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield story.gate(60.0, "FA-123 KE")
