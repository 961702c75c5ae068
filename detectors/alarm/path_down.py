"""One of the panel's paths is down while another still reaches the receiving centre."""

from collections.abc import Iterable

from detectors.alarm.paths import Paths
from detectors.base import Row, Sign
from detectors.scene import Scene
from detectors.silence import spell


class PathDown(Paths):
    """Fires when one path falls silent and another does not: a provider's fault, or the first of two cuts."""

    name = "alarm.path_down"
    title = "one of the panel's paths down"
    rate = 0.3

    def compare(self, down: dict[str, float], watched: int, now: float, scene: Scene) -> Sign | None:
        if len(down) == watched:
            return None
        paths, numbers = self.numbers(down, watched, now)
        silent = spell(now - min(down.values()))
        summary = f"The alarm panel's {paths} path has been silent for {silent}; another is up."
        return Sign(0.2 if scene.open(now) else 0.3, summary, numbers, device=min(down), key="one")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 40, ("ip", "cellular"))
        yield from _beats(41, 60, ("ip", "cellular"))
        yield {"tick": 60 * 180}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 40, ("ip", "cellular"))
        yield from _beats(40, 50, ("cellular",))
        yield {"tick": 50 * 180}


def _beats(start: int, end: int, paths: tuple[str, ...]) -> Iterable[Row]:
    for step in range(start, end):
        for path in (*paths, "radio"):
            yield {"t": step * 180, "type": "alarm.heartbeat", "device": f"panel-{path}", "path": path}
