"""Nothing at all is heard of the site any more, not even by the panel's cellular path."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene
from detectors.silence import spell

LOOK_S = 300.0


class SiteDark(Detector[Event]):
    """Fires when the common line and every cellular path of the site are silent at once.

    A provider's outage takes one of them, unless the cellular reports reach us by the common line in truth, which the
    site's own base rate soon shows. The panel and its communicator live for half a day on a battery (EN 50131-6), but
    the site's router and the cell tower seldom do: after a power cut this says nothing of its own.
    """

    name = "alarm.site_dark"
    title = "whole site silent on every path"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    scope = "site"
    rate = 0.03
    hit = 0.04
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying")

    def __init__(self) -> None:
        self.told = 0.0

    def step(self, event: Event, scene: Scene) -> Sign | None:
        if self.wake == inf and scene.presence.apart:
            self.wake = scene.clock + LOOK_S
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        self.wake = now + LOOK_S
        presence = scene.presence
        since = max(presence.latest, presence.latest_apart)
        if now - presence.latest < LOOK_S + 12.0 * presence.pulse or self.told >= since:
            return []
        streams = presence.streams["alarm.heartbeat"]
        paths = [streams[device] for device in presence.apart if device in streams]
        due = [presence.due(path, now) for path in paths]
        due = [at for at in due if at < inf]
        if not due:
            return []
        if max(due) > now:
            self.wake = max(min(max(due) + 0.5, self.wake), now + 15.0)
            return []
        self.told = since
        silent = now - presence.latest
        summary = f"Nothing is heard of the site on any path, cellular included, for {spell(now - since)}."
        numbers = {"line_silent_s": round(silent, 1), "cellular_silent_s": round(now - presence.latest_apart, 1)}
        return [Sign(0.3 if scene.open(now) else 0.55, summary, numbers, key="dark")]

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 60, ("ip", "cellular"))
        yield from _beats(60, 90, ("cellular",))

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 60, ("ip", "cellular"))
        yield from _beats(60, 90, ())


def _beats(start: int, end: int, paths: tuple[str, ...]) -> Iterable[Row]:
    for step in range(start, end):
        for path in paths:
            yield {"t": step * 60, "type": "alarm.heartbeat", "device": f"panel-{path}", "path": path}
        yield {"tick": step * 60 + 30}
