"""Troubles that a panel reports with one code and takes back with another."""

from collections.abc import Iterable
from math import inf
from typing import ClassVar

from detectors.base import Detector, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene
from detectors.spread import Spread

ANEW_S = 86400.0


class Pending(Detector[AlarmSignal]):
    """Base of detectors of a trouble that mostly passes: it counts once it outlasts what is usual here.

    How long such troubles last at this site is learnt; one that is over sooner is everyday life. One that is reported
    again after a day was taken back unheard and began anew.
    """

    sort = "definite"
    stage = "alarm"
    reads = ("alarm.signal",)
    scope = "site"
    begins: ClassVar[str]
    """The code that tells of the trouble."""
    ends: ClassVar[str]
    """The code that takes it back."""
    patience_s: ClassVar[float]
    """How long it may last before it counts, until its usual length is learnt."""
    surer_after: ClassVar[float] = 1.0
    """Times as long after which it is told once more."""

    def __init__(self) -> None:
        self.since = inf
        self.device = ""
        self.lengths = Spread(50)

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code == self.begins and (self.since == inf or scene.time - self.since > ANEW_S):
            self.since = scene.time
            self.device = event.device
            self.wake = max(self.since + self.patience(), scene.clock)
        elif event.code == self.ends and self.since < inf:
            self.lengths.learn(min(max(scene.time - self.since, 0.0), 6 * 3600.0))
            self.since = self.wake = inf

    @property
    def learnt(self) -> bool:
        """Whether enough troubles were seen to know how long they usually last here."""
        return self.lengths.n >= 4

    def patience(self) -> float:
        """How long the trouble may last before it counts, s."""
        if not self.learnt:
            return self.patience_s
        return min(max(self.lengths.mean + 3.0 * self.lengths.sd, self.patience_s), 2 * 3600.0)

    def long(self) -> float:
        """How long the trouble may last before it is told once more, s."""
        return self.surer_after * self.patience()

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        if not scene.presence.hearing(now):
            self.wake = now + 60.0
            return []
        surer = self.since + self.long()
        self.wake = surer if now < surer else inf
        return [] if self.since == inf else [self.outlast(now - self.since, scene)]

    def outlast(self, lasted: float, scene: Scene) -> Sign:
        """Make the sign of a trouble that has lasted `lasted` seconds."""
        raise NotImplementedError
