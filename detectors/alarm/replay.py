"""Recorded messages of the alarm, played again: numbers that go back while time goes on."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene

RESTARTED = 10
"""A number below this with a newer time is a device that started anew."""
EASY_S = 5.0
"""Two messages so close in time may be numbered either way round."""
OLD_S = 600.0
"""A copy of a younger message is a delivery that was repeated."""
APART_S = 20.0
"""Old messages that arrive in one burst are a spool sent twice; one by one they are played."""


class Replay(Detector[Event]):
    """Fires when a device's sequence repeats or falls back although the time of the message is newer.

    Exact copies of old messages count, too, when they arrive one by one in place of new ones.

    A restart begins below ten, a message that came late has an older time; what is left is somebody who sends what was
    heard before. A device whose numbering simply is not monotonic is learnt after a few of its oddities.
    """

    name = "alarm.replay"
    title = "replayed messages"
    domain = "alarm"
    sort = "definite"
    stage = "alarm"
    reads = ("alarm.heartbeat", "alarm.signal")
    rate = 0.01
    hit = 0.1

    def __init__(self) -> None:
        self.newest = -1
        self.time = 0.0
        self.run = 0
        self.sound = 0
        self.odd = 0.0
        self.stale = 0
        self.arrived = 0.0

    def step(self, event: Event, scene: Scene) -> Sign | None:
        sequence = event.sequence
        if sequence is None:
            return None
        if self.run == 0 and sequence > self.newest and scene.time >= self.time:  # the rule
            self.newest, self.time = sequence, scene.time
            self.stale = 0
            self.sound += 1
            self.odd *= 0.998
            return None
        return super().step(event, scene)

    def score_one(self, event: Event, scene: Scene) -> Sign | None:
        if self.sound < 20 or self.odd > 3.0:
            return None
        if not self._back(event.sequence, scene.time):
            return None
        summary = f"Device {event.device} repeats old messages: number {event.sequence} came after {self.newest}."
        numbers = {"sequence": event.sequence, "newest": self.newest, "in_succession": self.run + 1}
        return Sign(min(0.45 + 0.2 * self.run, 0.9), summary, numbers, key="replay")

    def learn_one(self, event: Event, scene: Scene) -> None:
        sequence = event.sequence
        if sequence is None:
            return
        if self._back(sequence, scene.time):
            self.run += 1
            self.odd += 1.0 if self.run == 1 else 0.0
            if self.run >= 30:  # so many in order are a new numbering, not a replay
                self.newest, self.run = sequence, 0
            self.time = scene.time
            return
        self.stale = 0  # news, however late: a backlog, copies and all, and no recording
        if scene.time >= self.time and (sequence > self.newest or sequence < RESTARTED):
            self.newest = sequence
            self.time = scene.time
            self.sound += 1
            self.run = 0
            self.odd *= 0.998

    def again(self, event: Event, scene: Scene) -> Sign | None:
        old, apart = scene.clock - scene.time, scene.clock - self.arrived
        self.arrived = scene.clock
        if event.sequence is None or old < OLD_S or apart <= APART_S:
            return None
        self.stale += 1
        if self.sound < 20 or self.odd > 3.0 or self.stale < 3:
            return None
        summary = f"Device {event.device} sends what it sent before: number {event.sequence}, and nothing new."
        numbers = {"sequence": event.sequence, "newest": self.newest, "in_succession": self.stale}
        return Sign(min(0.1 + 0.1 * self.stale, 0.8), summary, {**numbers, "old_s": round(old, 1)}, key="stale")

    def _back(self, sequence: int | None, at: float) -> bool:
        return sequence is not None and RESTARTED <= sequence <= self.newest and at > self.time + EASY_S

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(40):
            yield _beat(step * 300, 100 + step)
        yield _beat(39 * 300 - 50, 133)  # late
        yield _beat(40 * 300, 0)  # restarted

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(40):
            yield _beat(step * 300, 100 + step)
        yield _beat(40 * 300, 112)
        yield _beat(41 * 300, 113)


def _beat(t: int, sequence: int) -> Row:
    return {"t": t, "type": "alarm.heartbeat", "device": "pir-1", "path": "radio", "sequence": sequence}
