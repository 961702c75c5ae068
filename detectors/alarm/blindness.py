"""A site of which too little can be seen."""

from collections.abc import Iterable
from math import fsum

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene
from detectors.silence import spell

FLOOR = 0.5
"""Mean share of live devices over the domains below which a site counts as blind."""
FEWEST = 4
"""Periodic devices that a site must have for a share of them to mean anything."""
PATIENCE_S = 900.0
"""How long it must last, s: a line that comes back fills the gap."""
LOOK_S = 300.0


class Blindness(Detector[Event]):
    """Adds up what could be seen right now: the share of live devices in each domain, and of these the mean.

    Each silence by itself may be small; a site that has lost half of its senses is news without any attack, and the
    gauge `tocsin_site_coverage` shows the way there. While the whole site is silent, `alarm.line_lost` speaks.
    """

    name = "alarm.blindness"
    title = "too little of the site can be seen"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat", "power.reading", "power.status", "camera.status", "recorder.status")
    scope = "site"
    starts_s = LOOK_S
    rate = 0.03
    hit = 0.2
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying", "alarm.line_lost")
    repeat_s = 12 * 3600.0

    def __init__(self) -> None:
        self.since = 0.0

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        self.wake = now + LOOK_S
        presence = scene.presence
        if now - presence.latest > LOOK_S or presence.severed(now):
            self.since = 0.0
            return []
        seen = presence.coverage(now)
        budget = fsum(live / known for live, known in seen.values()) / max(len(seen), 1)
        if budget >= FLOOR or sum(known for _, known in seen.values()) < FEWEST:
            self.since = 0.0
            return []
        self.since = self.since or now
        if now - self.since < PATIENCE_S:
            return []
        told = ", ".join(f"{live} of {known} {domain} devices" for domain, (live, known) in sorted(seen.items()))
        evidence = {"budget": round(budget, 2)} | {domain: round(a / b, 2) for domain, (a, b) in sorted(seen.items())}
        summary = f"For {spell(now - self.since)} too little of the site can be seen: {told} are live."
        return [Sign((0.3 if scene.open(now) else 0.6) * (1.0 - budget), summary, evidence, key="blind")]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 120, 6)
        yield from _beats(120, 180, 4)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 120, 6)
        yield from _beats(120, 180, 2)


def _beats(start: int, end: int, devices: int) -> Iterable[Row]:
    for step in range(start, end):
        for n in range(devices):
            yield {"t": step * 60 + n, "type": "alarm.heartbeat", "device": f"pir-{n}", "path": "radio"}
        yield {"tick": step * 60 + 30}
