"""Nothing is heard of the site any more."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene
from detectors.silence import spell

STEPS = ((600.0, 0.15), (1800.0, 0.3), (2 * 3600.0, 0.45))
"""Silence of the whole site, s, and the score it then has."""


class LineLost(Detector[Event]):
    """Fires when every periodic device of the site falls silent at once, surer as it goes on.

    Mostly the provider's line is down and what was meanwhile comes later. It is also what a thief wants who takes the
    whole site from the net, so it is evidence of its own: weak by day, and weaker while the panel's cellular path is
    still heard. When that is silent, too, it is `alarm.site_dark`'s.
    """

    name = "alarm.line_lost"
    title = "whole site silent"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat", "power.reading", "camera.status")
    scope = "site"
    starts_s = STEPS[0][0]
    rate = 0.1
    hit = 0.2
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying")

    def __init__(self) -> None:
        self.said = 0
        self.silent_since = 0.0

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        presence = scene.presence
        room = 12.0 * presence.pulse
        if now - presence.latest >= STEPS[0][0] + room:
            since = presence.latest
        else:
            since = (self.silent_since or now) if presence.severed(now) else 0.0
        if not since or (self.silent_since and since > self.silent_since):
            self.said = 0
        self.silent_since = since
        silent = now - since if since else 0.0
        signs = []
        if self.said < len(STEPS) and silent >= STEPS[self.said][0] + room and scene.age() > 3600.0:
            score = STEPS[self.said][1] * (0.6 if scene.open(now) else 1.0)
            score *= 0.7 if presence.latest_apart > since else 1.0
            self.said += 1
            summary = f"Nothing, or next to nothing, has been heard of the site for {spell(silent)}."
            signs.append(Sign(score, summary, {"silent_s": round(silent, 1)}, key="line"))
        self.wake = now + (60.0 if since and self.said < len(STEPS) else STEPS[0][0] / 2)
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
