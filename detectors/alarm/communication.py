"""The panel reports a failing path to the receiving centre that does not come back."""

from collections.abc import Iterable

from detectors.alarm.pending import Pending
from detectors.base import Row, Sign
from detectors.scene import Scene


class Communication(Pending):
    """Fires when a communication failure (YC) lasts longer than such failures usually do here.

    One path flaps at many sites every day; only a failure that stays is a sign.
    """

    name = "alarm.communication"
    title = "panel's communication failure stays"
    domain = "alarm"
    rate = 0.03
    hit = 0.3
    begins = "YC"
    ends = "YK"
    patience_s = 1200.0

    def outlast(self, lasted: float, scene: Scene) -> Sign:
        summary = f"The alarm panel has reported a failing transmission path for {lasted / 60.0:.0f} minutes."
        score = 0.3 if scene.open(scene.time) else 0.5
        return Sign(score, summary, {"lasted_s": round(lasted, 1)}, self.device, "path")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for t in range(0, 36000, 7200):
            yield {"t": t, "type": "alarm.signal", "device": "panel-1", "code": "YC"}
            yield {"t": t + 500, "type": "alarm.signal", "device": "panel-1", "code": "YK"}
            yield {"tick": t + 3600}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "YC"}
        yield {"tick": 1300}
