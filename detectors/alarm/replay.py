"""Recorded messages of the alarm, played again: numbers that go back while time goes on."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene

RESTARTED = 10
"""A number below this with a newer time is a device that started anew."""
EASY_S = 5.0
"""Two messages so close in time may be numbered either way round."""


WINDOW = (1 << 512) - 1
"""The latest numbers of a device of which it is remembered whether they were heard."""
APART_S = 20.0
"""Old messages that arrive in one burst are a spool sent twice; one by one they are played."""


class Replay(Detector[Event]):
    """Fires when a device's sequence repeats or falls back although the time of the message is newer.

    Messages that are stale and were heard before count, too, when they arrive one by one in place of new ones.

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
        self.heard = 0
        self.stale = 0
        self.arrived = 0.0

    def step(self, event: Event, scene: Scene) -> Sign | None:
        sequence = event.sequence
        if sequence is None:
            return None
        if self.run == 0 and sequence > self.newest and scene.time >= self.time:  # the rule
            ahead = sequence - self.newest
            self.heard = (self.heard << ahead | 1) & WINDOW if ahead < 512 else 1
            self.newest, self.time = sequence, scene.time
            self.stale = 0
            self.sound += 1
            self.odd *= 0.998
            return None
        return super().step(event, scene)

    def score_one(self, event: Event, scene: Scene) -> Sign | None:
        if self.sound < 20 or self.odd > 3.0:
            return None
        if self._stale(event.sequence, scene):
            if self.stale < 2:
                return None
            summary = f"Device {event.device} sends what it sent before: number {event.sequence}, and nothing new."
            old = scene.clock - scene.time
            numbers = {"sequence": event.sequence, "newest": self.newest, "in_succession": self.stale + 1}
            return Sign(min(0.2 + 0.1 * self.stale, 0.8), summary, {**numbers, "old_s": round(old, 1)}, key="stale")
        if not self._back(event.sequence, scene.time):
            return None
        summary = f"Device {event.device} repeats old messages: number {event.sequence} came after {self.newest}."
        numbers = {"sequence": event.sequence, "newest": self.newest, "in_succession": self.run + 1}
        return Sign(min(0.45 + 0.2 * self.run, 0.9), summary, numbers, key="replay")

    def learn_one(self, event: Event, scene: Scene) -> None:
        sequence = event.sequence
        if sequence is None:
            return
        if self._stale(sequence, scene):
            self.stale += 1
            self.arrived = scene.clock
            return
        if self._back(sequence, scene.time):
            self.run += 1
            self.odd += 1.0 if self.run == 1 else 0.0
            if self.run >= 30:  # so many in order are a new numbering, not a replay
                self.newest, self.run = sequence, 0
            self.time = scene.time
            return
        if scene.time >= self.time and (sequence > self.newest or sequence < RESTARTED):
            self.heard = 1
            self.newest = sequence
            self.time = scene.time
            self.sound += 1
            self.run = 0
            self.odd *= 0.998

    def _stale(self, sequence: int | None, scene: Scene) -> bool:
        """Whether a number arrives again that was heard before, with a time long past, and not in a burst."""
        if sequence is None or scene.time >= self.time or scene.clock - scene.time < 600.0:
            return False
        behind = self.newest - sequence
        return 0 <= behind < 512 and bool(self.heard >> behind & 1) and scene.clock - self.arrived > APART_S

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
