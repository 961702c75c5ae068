"""The line dies soon after the power, and not with it: a UPS had carried it over the cut."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene
from detectors.silence import spell

LOOK_S = 300.0
"""How often it looks whether the site's power has failed, s."""
NEXT_S = 30.0
"""How often it looks while it has, s."""
SILENT_S, PAUSES = 150.0, 8.0
"""How long nothing must be heard of the site, s, and at least how many of its usual pauses."""
UNSEEN = 0.6
"""How far it is believed where no UPS is heard of."""
SOON_S = (45.0, 900.0)
"""A line that outlives a power cut by this much, s, was carried by a battery, and dies of something else so soon."""


class LineCut(Detector[Event]):
    """Fires when the whole site falls silent within minutes of a power cut that its line had outlived on a battery.

    A blackout silences what has no battery at once, and the rest when the batteries are empty, which a UPS announces.
    Between the two nothing of the power explains a silence, so that nothing of the site's own supply explains this; a
    neighbourhood without power does, for the street's cabinets have small batteries. Where no UPS is heard of, a router
    with a small battery of its own may have carried the line on, and the sign is weaker.
    """

    name = "alarm.line_cut"
    title = "line dies after the power, not with it"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    scope = "site"
    starts_s = LOOK_S
    explained_by = ("power.neighbourhood",)
    rate = 0.006
    hit = 0.08

    def __init__(self) -> None:
        self.told = 0.0

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        supply, presence = scene.supply, scene.presence
        self.wake = now + (NEXT_S if supply.out() else LOOK_S)
        if not supply.out() or supply.low:
            return []
        last = presence.latest
        after = last - supply.began()
        heard = now - last < max(SILENT_S, PAUSES * presence.pulse)
        if heard or self.told >= last or not SOON_S[0] < after < SOON_S[1]:
            return []
        self.told = last
        ups = bool(supply.battery or presence.streams["power.status"])
        carrier = "a UPS" if ups else "a battery"
        summary = (
            f"Nothing is heard of the site since {spell(after)} after its power failed; {carrier} had carried it on."
        )
        numbers = {"line_silent_s": round(now - last, 1), "after_cut_s": round(after, 1), "ups": ups}
        return [Sign((0.45 if scene.open(now) else 0.65) * (1.0 if ups else UNSEEN), summary, numbers, key="cut")]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _cut(10)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _cut(240)


def _cut(after: int) -> Iterable[Row]:
    for t in range(0, 14400, 60):
        if t < 9000 + after:
            yield {"t": t, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
            row: Row = {"t": t + 1, "type": "power.status", "device": "ups-1"}
            yield {**row, "status": ["OB"] if t >= 9000 else ["OL"]}
        yield {"tick": t + 30}
