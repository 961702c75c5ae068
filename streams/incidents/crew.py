"""The detectors on duty at one site: each is made when its device first speaks of what it reads."""

from collections.abc import Container, Iterator
from functools import cache
from math import inf
from typing import Any

from detectors.bank import catalogue
from detectors.base import Detector, Sign
from detectors.lull import Lull
from detectors.scene import Scene
from detectors.state import dump, fill
from streams.incidents.timers import Timers
from streams.telemetry.decode import LANES

AnyDetector = Detector[Any]
Steps = tuple[tuple[int, ...], tuple[AnyDetector, ...]]
"""How detectors are shown an object, and the detectors: apart, for the ways are shared and stay in the cache."""
SCORE, LEARN, STEP = 1, 2, 3
"""The ways: to judge it, to learn from it, or both."""
KINDS = {kind: tag for lane in LANES.values() for tag, kind in lane.types.items()}
"""The `type` of telemetry that each struct is."""


class Crew:
    """Detectors by name and device; those of the whole site have none.

    Attributes
    ----------
    steps
        By type of telemetry and device: who is shown it, and how.
    timers
        When each wants to be woken.
    """

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, Steps]] = {kind: {} for kind in KINDS.values()}
        self.timers = Timers()
        self._detectors: dict[tuple[str, str], AnyDetector] = {}

    def equip(self, kind: str, device: str) -> Steps:
        """Find or make those who read this type of telemetry of this device and have anything to learn from it."""
        found = [self._detector(cls, _owner(cls, device)) for cls in readers(kind)]
        steps = [(way, detector) for detector in found if (way := _way(detector))]
        self.steps[kind][device] = (
            _shared(tuple(way for way, _ in steps)),
            tuple(detector for _, detector in steps),
        )
        return self.steps[kind][device]

    def of_site(self, kind: str) -> list[AnyDetector]:
        """Find or make those who read records of the site itself, which no device sends."""
        return [self._detector(cls, "") for cls in readers(kind)]

    def again(self, kind: str, event: Any, scene: Scene) -> Iterator[tuple[AnyDetector, Sign]]:
        """Show the exact copy of an event to whom it may mean something."""
        steps = self.steps[kind].get(event.device)
        # A copy may be the first that a device sends after a restart.
        for detector in (self.equip(kind, event.device) if steps is None else steps)[1]:
            sign = detector.again(event, scene)
            if sign is not None:
                yield detector, sign

    def show(self, detector: AnyDetector, way: int, event: Any, scene: Scene) -> Sign | None:
        """Show a detector an object in its way, and have it woken sooner if it then wants to be."""
        if way == SCORE:
            return detector.score_one(event, scene)
        sign, wake = None, detector.wake
        if way == STEP:
            sign = detector.step(event, scene)
        else:
            detector.learn_one(event, scene)
        if detector.wake < wake:
            self.timers.hasten((detector.name, _owner(type(detector), event.device)))
        return sign

    def forget(self, devices: Container[str] | None) -> None:
        """Dismiss some devices' detectors; all of the site where it is None."""
        for key in [key for key in self._detectors if devices is None or key[1] in devices]:
            del self._detectors[key]
            self.timers.drop(key)
        self.timers.tidy()
        for steps in self.steps.values():
            for device in [device for device in steps if devices is None or device in devices]:
                del steps[device]

    def coverage(self) -> dict[str, tuple[int, int]]:
        """Tell for the domains whose devices speak at work how many of them are live, and how many are known."""
        lulls = (detector for detector in self._detectors.values() if isinstance(detector, Lull))
        return {lull.domain: lull.coverage() for lull in lulls if lull.speakers}

    def freeze(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What they have learnt, as plain data."""
        return [(name, owner, _learnt(found)) for (name, owner), found in self._detectors.items()]

    def thaw(self, state: list[tuple[str, str, dict[str, Any]]]) -> None:
        """Take back what `freeze` gave; detectors that are no longer there are left out, new ones start cold."""
        known = {cls.name: cls for cls in catalogue()}
        for name, owner, data in state:
            if name in known:
                fill(self._detector(known[name], owner), data)
        self.timers.set_all()

    def _detector(self, cls: type[AnyDetector], owner: str) -> AnyDetector:
        key = (cls.name, owner)
        found = self._detectors.get(key)
        if found is None:
            found = self._detectors[key] = cls()
            self.timers.add(key, found)
        return found


@cache
def readers(kind: str) -> tuple[type[AnyDetector], ...]:
    """Those who read a type of telemetry, in the order of their names."""
    return tuple(cls for cls in catalogue() if kind in cls.reads)


def _owner(cls: type[AnyDetector], device: str) -> str:
    """Name the device that a detector belongs to; empty for one of the whole site."""
    return device if cls.scope == "device" else ""


def _way(detector: AnyDetector) -> int:
    """Find the shortest way to show a detector an object; 0 for one that already ticks and needs no more."""
    cls = type(detector)
    if cls.step is not Detector.step:
        return STEP
    scores = cls.score_one is not Detector.score_one
    learns = cls.learn_one is not Detector.learn_one or detector.wake == inf > cls.starts_s
    return SCORE * scores + LEARN * learns


@cache
def _shared(ways: tuple[int, ...]) -> tuple[int, ...]:
    return ways


def _learnt(detector: AnyDetector) -> dict[str, Any]:
    """Plain data of a detector; that nothing wakes it goes without saying."""
    data = dump(detector)
    if detector.wake == inf:
        del data["wake"]
    return data
