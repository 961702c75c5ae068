"""The panel's paths to the receiving centre, compared: one down is everyday life, the last one is news."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmHeartbeat
from detectors.scene import Scene
from detectors.silence import spell


class PathLost(Detector[AlarmHeartbeat]):
    """Fires when the heartbeat of an IP or cellular path stays out while other devices of the site are heard.

    With the other path still up it is a weak sign (a provider's fault, a SIM), with none left the panel is cut off:
    what its detectors see would reach nobody.
    """

    name = "alarm.path_lost"
    title = "panel's paths cut"
    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    scope = "site"
    rate = 0.03
    hit = 0.4

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.told: dict[str, float] = {}

    def step(self, event: AlarmHeartbeat, scene: Scene) -> Sign | None:
        if event.path != "radio" and event.device not in self.paths:
            self.paths[event.device] = event.path
        if self.wake == inf and self.paths:
            self.wake = scene.clock + 60.0
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        presence = scene.presence
        soonest = now + 300.0
        down: dict[str, float] = {}
        watched = 0
        for device in self.paths:
            name = f"alarm.heartbeat|{device}"
            due = presence.due(name) if name in presence.streams else None
            if due is None:
                continue
            watched += 1
            if due > now:
                soonest = min(soonest, due)
            elif due <= presence.latest:
                down[device] = presence.streams[name].last
        self.wake = max(soonest, now + 15.0)
        fresh = [device for device, since in down.items() if self.told.get(device, -inf) < since]
        if not fresh or presence.severed(now):
            return []
        self.told.update(down)
        return [self._sign(sorted(down), down, watched, now, scene)]

    def _sign(self, lost: list[str], down: dict[str, float], watched: int, now: float, scene: Scene) -> Sign:
        paths = sorted({self.paths[device] for device in lost})
        silent = now - min(down.values())
        numbers = {"devices": lost, "paths": paths, "known_paths": watched, "silent_s": round(silent, 1)}
        if len(lost) < watched:
            summary = (
                f"The alarm panel's {' and '.join(paths)} path has been silent for {spell(silent)}; another is up."
            )
            return Sign(0.2, summary, numbers, device=lost[0], key="one")
        which = "only path" if watched == 1 else "paths"
        summary = f"The alarm panel's {which} ({' and '.join(paths)}) went silent {spell(silent)} ago."
        score = 0.6 if watched > 1 else 0.5
        return Sign(score - (0.15 if scene.open(now) else 0.0), summary, numbers, device=lost[0], key="all")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 40, "ip")
        yield from _beats(41, 60, "ip")
        yield {"tick": 60 * 180}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 40, "ip")
        yield from _beats(40, 50, "")
        yield {"tick": 50 * 180}


def _beats(start: int, end: int, path: str) -> Iterable[Row]:
    for step in range(start, end):
        if path:
            yield {"t": step * 180, "type": "alarm.heartbeat", "device": "panel-ip", "path": path}
        yield {"t": step * 180 + 9, "type": "alarm.heartbeat", "device": "pir-1", "path": "radio"}
        yield {"t": step * 180 + 11, "type": "alarm.heartbeat", "device": "pir-2", "path": "radio"}
