"""The panel's paths to the receiving centre, as far as they are periodic: which are up, which fell silent."""

from collections.abc import Iterable
from math import inf

from detectors.base import Detector, Sign
from detectors.events import AlarmHeartbeat
from detectors.scene import Scene


class Paths(Detector[AlarmHeartbeat]):
    """Base of the detectors that compare the panel's IP and cellular paths; each silence is said once."""

    domain = "alarm"
    sort = "silent"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    scope = "site"
    hit = 0.4
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying")

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.told: dict[str, float] = {}

    def step(self, event: AlarmHeartbeat, scene: Scene) -> Sign | None:
        if event.path != "radio" and event.device not in self.paths:
            self.paths[event.device] = event.path
            if self.wake == inf:
                self.wake = scene.clock + 60.0
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        presence = scene.presence
        soonest = now + 300.0
        down: dict[str, float] = {}
        watched = 0
        for device in self.paths:
            stream = presence.streams["alarm.heartbeat"].get(device)
            due = inf if stream is None else presence.due(stream, now)
            if stream is None or due == inf:
                continue
            watched += 1
            if due > now:
                soonest = min(soonest, due)
            elif due <= presence.latest:
                down[device] = stream.last
            else:
                soonest = now
        self.wake = max(soonest, now + 15.0)
        fresh = [device for device, since in down.items() if self.told.get(device, -inf) < since]
        if not fresh or presence.severed(now):
            return []
        sign = self.compare(down, watched, now, scene)
        if sign is None:
            return []
        self.told.update(down)
        return [sign]

    def compare(self, down: dict[str, float], watched: int, now: float, scene: Scene) -> Sign | None:
        """Judge the paths that are `down` (device to last heartbeat, s) among `watched` known ones."""
        raise NotImplementedError

    def numbers(self, down: dict[str, float], watched: int, now: float) -> tuple[str, dict[str, object]]:
        """Name the paths that are down, and say the numbers behind it."""
        paths = sorted({self.paths[device] for device in down})
        silent = now - min(down.values())
        evidence = {"devices": sorted(down), "paths": paths, "known_paths": watched, "silent_s": round(silent, 1)}
        return " and ".join(paths), evidence
