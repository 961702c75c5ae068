"""The panel itself reports radio interference."""

from collections.abc import Iterable

from detectors.alarm.pending import Pending
from detectors.base import Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene


class Interference(Pending):
    """Fires when the panel reports interference (XQ), and again, surer, when it does not go away.

    EN 50131-5-3 lets a panel wait for 30 s of interference in 60 s before it says so: short bursts it never reports.
    A lorry driver's jammer or a neighbour's machine may last for minutes: until it is learnt how long such things last
    here, one that does not go away is told from them less surely, and all the less while people work, unless the supply
    was disturbed just before: machines stand still then.
    """

    name = "alarm.interference"
    title = "panel reports radio interference"
    domain = "alarm"
    rate = 0.05
    hit = 0.4
    begins = "XQ"
    ends = "XH"
    patience_s = 300.0
    surer_after = 2.0

    def score_one(self, event: AlarmSignal, scene: Scene) -> Sign | None:
        if event.code != "XQ":
            return None
        summary = "The alarm panel reports interference on its radio."
        usual = scene.open(scene.time) and not scene.supply.disturbed(scene.time)
        return Sign(0.25 if usual else 0.4, summary, {"code": "XQ", "zone": event.zone}, key="radio")

    def outlast(self, lasted: float, scene: Scene) -> Sign:
        summary = f"The interference on the alarm's radio has lasted {lasted / 60.0:.0f} minutes."
        sure = self.learnt or lasted >= self.long() or scene.supply.disturbed(scene.clock)
        return Sign(0.75 if sure else 0.45, summary, {"lasted_s": round(lasted, 1)}, self.device, "radio")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "XH"}
        yield {"t": 60, "type": "alarm.signal", "device": "panel-1", "code": "RP"}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield {"t": 0, "type": "alarm.signal", "device": "panel-1", "code": "XQ", "zone": "Z3"}
        yield {"tick": 400}
