"""Labels rewritten at odd hours, in bulk, by strangers, or to another product."""

from collections.abc import Iterable
from math import log
from typing import ClassVar

from mypy_extensions import mypyc_attr
from river import stats

from detectors.base import Detector, Domain, Row, Sign, Sort, Stage
from detectors.events import RfidEncode
from detectors.freight import label, product
from detectors.reckoning import Case, Facts, Reckoning, hour, of_time, sureness, telling, total
from detectors.scene import Scene
from detectors.state import Part

PAUSE_S = 30 * 60.0
"""Labels rewritten this far apart belong to different batches, s."""
NOTABLE = 5.2
"""Nats from which on a batch is worth a finding."""
EASIER = 6.0
"""A site has far fewer batches of labels than loadings, so that less surprise is enough."""
DOUBLE, LASTING = 2.0, 0.97
"""How many times the largest batch before is far more than usual, and what of it remains with each batch."""
WARM = 4
SETTLED_S = 7 * 86400.0
"""Batches, or s, after which their usual size is known: where labels are hardly ever rewritten, any bulk is odd."""
MOST_NAMES = 100


@mypyc_attr(allow_interpreted_subclasses=True)
class Batch(Part):
    """Labels rewritten in one go at one encoder."""

    __slots__ = ("case", "last", "size", "swapped")

    def __init__(self, at: float) -> None:
        self.last = at
        self.size = 0
        self.swapped = 0
        self.case = Case()


class Relabelling(Detector[RfidEncode]):
    """Judges batches of rewritten labels by the site's own habits.

    Damaged labels are replaced every day, a few at a time, by the same people, mostly for the same product, in working
    hours; new labels are goods inwards and teach nothing. Where the encoder does not say what a chip carried before,
    the memory of tags does. The size of batches is judged on a logarithmic scale by river's mean and variance.
    """

    name: ClassVar[str] = "rfid.relabelling"
    title: ClassVar[str] = "labels rewritten at odd hours or in bulk"
    domain: ClassVar[Domain] = "rfid"
    sort: ClassVar[Sort] = "learnt"
    stage: ClassVar[Stage] = "label"
    reads: ClassVar[tuple[str, ...]] = ("rfid.encode",)
    rate: ClassVar[float] = 0.01
    hit: ClassVar[float] = 0.6
    memory_s: ClassVar[float] = 12 * 3600.0

    def __init__(self) -> None:
        self.reckoning = Reckoning()
        self.mean = stats.Mean()
        self.spread = stats.Var()
        self.largest = 0.0
        self.users: dict[str, int] = {}
        self.batch: Batch | None = None

    def score_one(self, event: RfidEncode, scene: Scene) -> Sign | None:
        if not _rewrites(event, scene):
            return None
        batch, size, facts = self._look(event, scene)
        case = self.reckoning.weigh(batch.case if batch is not None else None, facts)
        nats = total(case.nats)
        if nats < NOTABLE:
            return None
        evidence: Row = {"surprise": round(nats, 1), "facts": {name: round(n, 1) for name, n in case.nats.items()}}
        evidence |= {"labels": size, "user": event.user, "epc": event.epc, "previous_epc": event.previous_epc}
        rewrites = f"Labels are rewritten at {event.device} ({size} so far): {telling(case)}."
        return Sign(sureness(nats + EASIER), rewrites, evidence, hour=hour(case))

    def learn_one(self, event: RfidEncode, scene: Scene) -> None:
        if not _rewrites(event, scene):
            return
        batch, size, facts = self._look(event, scene)
        if batch is None:
            self._close()
            batch = self.batch = Batch(scene.time)
        batch.last = max(batch.last, scene.time)
        batch.size = size
        batch.swapped += _swaps(event)
        batch.case = self.reckoning.weigh(batch.case, facts)
        self.reckoning.learn(batch.case, facts)
        if event.user is not None:
            self.users[event.user] = self.users.pop(event.user, 0) + 1
            if len(self.users) > MOST_NAMES:
                del self.users[next(iter(self.users))]

    def _close(self) -> None:
        if self.batch is not None and not {"armed", "closed"} & self.batch.case.nats.keys():
            self.mean.update(log(self.batch.size))
            self.spread.update(log(self.batch.size))
            self.largest = max(LASTING * self.largest, float(self.batch.size))

    def _look(self, event: RfidEncode, scene: Scene) -> tuple[Batch | None, int, Facts]:
        batch = self.batch if self.batch is not None and abs(scene.time - self.batch.last) <= PAUSE_S else None
        size = 1 + (batch.size if batch is not None else 0)
        swapped = _swaps(event) + (batch.swapped if batch is not None else 0)
        facts = of_time(scene)
        if event.user is not None and sum(self.users.values()) > 30:
            facts["stranger"] = "" if event.user in self.users else f"{event.user} never did this before"
        known = event.previous_epc is not None and scene.registry.item(event.previous_epc) is not None
        facts["registered"] = "registered goods were among them" if known else ""
        many = size >= 4 and 3 * swapped >= 2 * size
        facts["swapped"] = "they now name other products" if many else ""
        z = (log(size) - self._mean()) / self._spread()
        warm = self.mean.n >= WARM or scene.age() >= SETTLED_S
        facts["bulk"] = f"{size} in one batch is unusual" if warm and z > 2.0 and size > 5 else ""
        far = (z > 3.5 and size > 12) or (size >= DOUBLE * self.largest > 0.0 and size > 20)
        facts["huge"] = f"{size} in one batch is far more than usual" if warm and far else ""
        return batch, size, facts

    def _mean(self) -> float:
        n = float(self.mean.n)
        return float((5.0 * log(5.0) + n * self.mean.get()) / (5.0 + n))

    def _spread(self) -> float:
        n = float(self.mean.n)
        return float(((5.0 * 0.6 + n * self.spread.get()) / (5.0 + n)) ** 0.5)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(5):
            for n in range(5):
                yield _label(day * 86400.0 + 10 * 3600.0 + 40.0 * n, day * 100 + n)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from cls.quiet()
        yield {"t": 4 * 86400.0 + 75600.0, "type": "alarm.signal", "device": "panel-1", "code": "CL"}
        for n in range(20):
            yield _label(5 * 86400.0 + 1.5 * 3600.0 + 30.0 * n, 900 + n, "2")


def _rewrites(event: RfidEncode, scene: Scene) -> bool:
    if event.previous_epc is None and scene.goods.stale(scene.time):
        return False  # what was read since then tells nothing of what the chip carried before
    before = scene.goods.labels.before(event)
    return before is not None and before != label(event.epc)


def _swaps(event: RfidEncode) -> bool:
    return event.previous_epc is not None and product(event.previous_epc) != product(event.epc)


def _label(t: float, n: int, article: str = "1") -> Row:
    row: Row = {"t": t, "type": "rfid.encode", "device": "enc-1", "biz_step": "encoding", "user": "u-1"}
    row["epc"] = f"urn:epc:id:sgtin:1.{article}.{5000 + n}"
    return row | {"previous_epc": f"urn:epc:id:sgtin:1.1.{n}", "tid": f"E280{n:020X}"}
