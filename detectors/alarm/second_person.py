"""Where two people are needed to open, one opened alone."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmSignal
from detectors.habit import Habit
from detectors.scene import Scene

TOGETHER_S = 300.0
"""The second person signs in within this time."""


class SecondPerson(Detector[AlarmSignal]):
    """Fires when an opening (OP) is not followed by a second person's, at a site whose openings are.

    That two are needed is learnt: nearly every opening so far was signed by two users within five minutes.
    """

    name = "alarm.second_person"
    title = "opened without the second person"
    domain = "alarm"
    sort = "learnt"
    stage = "alarm"
    reads = ("alarm.signal",)
    scope = "site"
    rate = 0.01
    hit = 0.1

    def __init__(self) -> None:
        self.single = Habit(0.2, 5.0)
        self.openings = 0
        self.user = ""
        self.device = ""
        self.since = inf

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code == "CL":
            self.since = self.wake = inf
        if event.code != "OP" or event.user is None:
            return
        if self.since < inf and event.user != self.user and 0.0 <= scene.time - self.since <= TOGETHER_S:
            self.single.learn(False)
            self.openings += 1
            self.since = self.wake = inf
        elif self.since == inf:
            self.user, self.device, self.since = event.user, event.device, scene.time
            self.wake = max(self.since, scene.clock) + TOGETHER_S + 60.0

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        usual = self.single.probability()
        self.single.learn(True)
        self.openings += 1
        since, self.since, self.wake = self.since, inf, inf
        if usual > 0.15 or self.openings < 15:
            return []
        local = scene.local(since)
        summary = f"The alarm was switched off at {local:%H:%M} by {self.user} alone; two people sign otherwise."
        numbers = {"user": self.user, "alone_before": round(usual, 3), "openings": self.openings}
        return [Sign(min(0.3 + 2.0 * (0.15 - usual), 0.6), summary, numbers, self.device, "alone")]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(20):
            yield _opening(day, 0, "u-1")
            yield {"tick": day * 86400 + 22000}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for day in range(40):
            yield _opening(day, 0, "u-1")
            yield _opening(day, 40, "u-2")
        yield _opening(40, 0, "u-1")
        yield {"tick": 40 * 86400 + 22000}


def _opening(day: int, second: int, user: str) -> Row:
    row: Row = {"t": day * 86400 + 21600 + second, "type": "alarm.signal", "device": "panel-1"}
    return {**row, "code": "OP", "user": user}
