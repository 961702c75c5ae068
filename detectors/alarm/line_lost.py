"""Nothing is heard of the site any more."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene
from detectors.silence import spell

STEPS = ((600.0, 0.15), (1800.0, 0.3), (2 * 3600.0, 0.45))
"""Silence of the whole site, s, and the score it then has."""


class LineLost(Detector[Event]):
    """Fires when every periodic device of the site falls silent at once, surer as it goes on.

    Mostly the provider's line is down and what was meanwhile comes later. It is also what a thief wants who takes the
    whole site from the net, so it is evidence of its own: weak by day, and never more than the line's own history here.
    """

    name = "alarm.line_lost"
    title = "whole site silent"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat", "power.reading", "camera.status")
    scope = "site"
    rate = 0.15
    hit = 0.2
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying")

    def __init__(self) -> None:
        self.said = 0
        self.silent_since = 0.0

    def step(self, event: Event, scene: Scene) -> Sign | None:
        if self.wake == inf:
            self.wake = scene.clock + STEPS[0][0]
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        presence = scene.presence
        if presence.latest != self.silent_since:
            self.silent_since, self.said = presence.latest, 0
        silent = now - presence.latest
        room = 12.0 * presence.pulse
        signs = []
        if self.said < len(STEPS) and silent >= STEPS[self.said][0] + room and scene.age() > 3600.0:
            score = STEPS[self.said][1] * (0.6 if scene.open(now) else 1.0)
            self.said += 1
            summary = f"Nothing has been heard of the site for {spell(silent)}."
            signs.append(Sign(score, summary, {"silent_s": round(silent, 1)}, key="line"))
        left = STEPS[min(self.said, len(STEPS) - 1)][0] + room - silent
        self.wake = now + (max(left, 30.0) if self.said < len(STEPS) else 1800.0)
        return signs

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 100)
        yield {"tick": 100 * 60 + 200}
        yield from _beats(105, 110)
        yield {"tick": 110 * 60 + 600}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 100)
        yield {"tick": 100 * 60 + 300}
        yield {"tick": 100 * 60 + 3600}


def _beats(start: int, end: int) -> Iterable[Row]:
    for step in range(start, end):
        yield {"t": step * 60, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
