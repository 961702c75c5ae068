"""The panel reports that its own mains is gone."""

from collections.abc import Iterable

from detectors.alarm.pending import Pending
from detectors.base import Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene


class Mains(Pending):
    """Fires on a panel's mains trouble (AT), surer when it lasts while the meters show a sound supply."""

    name = "alarm.mains"
    title = "panel without mains"
    domain = "alarm"
    rate = 0.02
    hit = 0.15
    explained_by = ("power.mains_loss", "power.on_battery", "power.feed_lost", "power.transfer")
    begins = "AT"
    ends = "AR"
    patience_s = 900.0

    def score_one(self, event: AlarmSignal, scene: Scene) -> Sign | None:
        if event.code != "AT":
            return None
        summary = "The alarm panel has lost its mains and runs on its battery."
        return Sign(0.2 if scene.supply.disturbed(scene.time) else 0.35, summary, {"code": "AT"}, key="mains")

    def outlast(self, lasted: float, scene: Scene) -> Sign:
        summary = f"The alarm panel has been without mains for {lasted / 60.0:.0f} minutes."
        score = 0.3 if scene.supply.out() else 0.55
        return Sign(score, summary, {"lasted_s": round(lasted, 1)}, self.device, "mains")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "AR"}
        yield {"t": 60, "type": "alarm.signal", "device": "panel-1", "code": "CL", "user": "u-1"}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "AT"}
