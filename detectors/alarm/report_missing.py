"""The panel's regular test report did not come."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene
from detectors.silence import spell


class ReportMissing(Detector[AlarmSignal]):
    """Fires when a panel that tests its line (RP) by the clock leaves the test out.

    Panels test daily or weekly at a fixed time; engineers' tests in between do not disturb the rhythm, for a gap is
    only learnt as the rhythm when it repeats.
    """

    name = "alarm.test_missing"
    title = "panel's test report missing"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.signal",)
    rate = 0.02
    hit = 0.1

    def __init__(self) -> None:
        self.tests: list[float] = []
        self.device = ""
        self.period = 0.0

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code != "RP":
            return
        self.device = event.device
        self.tests = [*self.tests[-11:], scene.time]
        self.period = _rhythm(self.tests)
        if self.period:
            self.wake = max(self._regular() + 1.5 * self.period, scene.clock + 60.0)
        else:
            self.wake = inf

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        self.wake = inf
        regular, presence = self._regular(), scene.presence
        if now - presence.latest > 900.0:
            self.wake = now + 3600.0  # nothing is heard at all: no use in blaming the panel
            return []
        if regular < presence.since and now < presence.since + 1.5 * self.period:
            self.wake = presence.since + 1.5 * self.period  # a break of the line may have swallowed one
            return []
        since = now - regular
        summary = (
            f"The alarm panel's regular test is missing: it comes every {spell(self.period)}, now {spell(since)} ago."
        )
        return [Sign(0.3, summary, {"period_s": round(self.period), "since_s": round(since)}, self.device, "test")]

    def _regular(self) -> float:
        """Time of the newest test that is in step with an earlier one."""
        for index in range(len(self.tests) - 1, 0, -1):
            if any(abs(self.tests[index] - at - self.period) < 0.05 * self.period for at in self.tests[:index]):
                return self.tests[index]
        return self.tests[-1]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for hour in (3, 27, 34, 51, 75, 99):
            yield {"t": hour * 3600, "type": "alarm.signal", "device": "panel-1", "code": "RP"}
            yield {"tick": hour * 3600 + 7200}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for hour in (3, 27, 51, 75, 99):
            yield {"t": hour * 3600, "type": "alarm.signal", "device": "panel-1", "code": "RP"}
        for hour in range(137):
            yield {"t": hour * 3600, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
        yield {"tick": 136 * 3600}


def _rhythm(tests: list[float]) -> float:
    """Period of at least four of the tests, s; 0 when there is none."""
    for period in (3600.0, 6 * 3600.0, 12 * 3600.0, 86400.0, 7 * 86400.0):
        steps = sum(any(abs(b - a - period) < 0.03 * period for a in tests) for b in tests)
        if steps >= 3 and steps >= 0.5 * (len(tests) - 1):
            return period
    return 0.0
