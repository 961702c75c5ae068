"""No path of the panel reaches the receiving centre any more."""

from collections.abc import Iterable

from detectors.alarm.paths import Paths
from detectors.base import Row, Sign
from detectors.scene import Scene
from detectors.silence import spell


class PathLost(Paths):
    """Fires when the heartbeats of all the panel's paths stay out while other devices of the site are heard.

    The panel is then cut off: what its detectors see would reach nobody. After a power cut the router between may just
    have no battery.
    """

    name = "alarm.path_lost"
    title = "panel cut off"
    rate = 0.02

    def compare(self, down: dict[str, float], watched: int, now: float, scene: Scene) -> Sign | None:
        if len(down) < watched:
            return None
        paths, numbers = self.numbers(down, watched, now)
        which = "only path" if watched == 1 else "paths"
        summary = f"The alarm panel's {which} ({paths}) went silent {spell(now - min(down.values()))} ago."
        score = (0.65 if watched > 1 else 0.5) - (0.15 if scene.open(now) else 0.0)
        return Sign(score, summary, numbers, device=min(down), key="all")

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
