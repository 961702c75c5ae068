"""Several cameras lose their signal together."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.camera.outage import lost
from detectors.events import CameraEvent, CameraStatus
from detectors.habit import Habit
from detectors.scene import Scene

TOGETHER_S = 600.0
"""Cameras lost within this time belong together."""
AT_ONCE_S = 60.0
"""A switch that fails, or a cable, takes its cameras within this time."""
SINGLY = 0.25
"""What it adds that a site's cameras are lost one after another."""


class Blackout(Detector[CameraStatus | CameraEvent]):
    """Fires when three or more cameras (half, of fewer than six) go dark within minutes while the supply is sound.

    A failing switch does the same, so the share of cameras counts and the groups that were seen before: the very same
    set going dark again is that switch. It takes all of them at once; who says at which moment each was lost, and they
    were minutes apart, tells of hands.
    """

    name = "camera.blackout"
    title = "several cameras without signal"
    domain = "camera"
    sort = "definite"
    stage = "sight"
    reads = ("camera.status", "camera.event")
    scope = "site"
    rate = 0.08
    hit = 0.4
    explained_by = ("power.mains_loss", "power.on_battery", "power.ups_dying")

    def __init__(self) -> None:
        self.cameras: set[str] = set()
        self.dark: dict[str, float] = {}
        self.moments: dict[str, float] = {}
        """When cameras were lost that said so at that moment, and are still."""
        self.groups: dict[str, Habit] = {}
        self.episode: set[str] = set()

    def score_one(self, event: CameraStatus | CameraEvent, scene: Scene) -> Sign | None:
        if not lost(event) or event.device in self.dark:
            return None
        group = {name for name, at in self.dark.items() if abs(scene.time - at) < TOGETHER_S} | {event.device}
        known = max(len(self.cameras), len(group))
        if len(group) < min(3, max(known // 2, 2)):
            return None
        share = len(group) / known
        familiar = any(group <= set(names.split("|")) and seen.yes >= 1.0 for names, seen in self.groups.items())
        score = 0.2 + 0.6 * share - (0.1 if scene.open(scene.time) else 0.0)
        singly = self._singly(group, event, scene.time)
        if singly:
            score += SINGLY
        if familiar:
            score *= 0.4
        if scene.supply.disturbed(scene.time):
            score *= 0.7
        how = "one after another" if singly else "within minutes"
        summary = f"The signal of {len(group)} of {known} cameras was lost {how}."
        numbers = {"cameras": sorted(group)[:20], "known": known, "seen_before": familiar, "singly": singly}
        return Sign(min(max(score, 0.05), 0.9), summary, numbers, key="many")

    def _singly(self, group: set[str], event: CameraStatus | CameraEvent, at: float) -> bool:
        """Whether the first three of the group that told of it themselves were lost one after another."""
        moments = {name: when for name, when in self.moments.items() if name in group}
        if hasattr(event, "topic"):
            moments[event.device] = at
        first = sorted(moments.values())[:3]
        return len(first) == 3 and first[2] - first[0] > AT_ONCE_S

    def learn_one(self, event: CameraStatus | CameraEvent, scene: Scene) -> None:
        state = lost(event)
        if state is None:
            return
        self.cameras.add(event.device)
        if state:
            self.dark.setdefault(event.device, scene.time)
            self.episode.add(event.device)
            if hasattr(event, "topic"):
                self.moments.setdefault(event.device, scene.time)
            return
        self.moments.pop(event.device, None)
        if self.dark.pop(event.device, None) is not None and not self.dark:
            self._remember()

    def _remember(self) -> None:
        """Keep which cameras went dark together, once all of them are back."""
        if len(self.episode) > 1:
            names = "|".join(sorted(self.episode))
            if names not in self.groups and len(self.groups) >= 8:
                del self.groups[min(self.groups, key=lambda group: (self.groups[group].yes, group))]
            self.groups.setdefault(names, Habit(0.01)).learn(True)
        self.episode = set()

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for number in range(8):
            yield {"t": number, "type": "camera.status", "device": f"cam-{number}", **SEES}
        for number in range(2):
            yield {"t": 60 + number, "type": "camera.event", "device": f"cam-{number}", **GONE}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for number in range(8):
            yield {"t": number, "type": "camera.status", "device": f"cam-{number}", **SEES}
        for number in range(4):
            yield {"t": 60 + number, "type": "camera.event", "device": f"cam-{number}", **GONE}


SEES: Row = {"connected": True, "fps": 12, "bitrate": 900, "luminance": 0.4, "sharpness": 0.6, "scene_change": 0.02}
GONE: Row = {"topic": "VideoSource/SignalLoss", "state": True}
