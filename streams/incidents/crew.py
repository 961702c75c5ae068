"""The detectors on duty at one site: each is made when its device first speaks of what it reads."""

from collections.abc import Iterator
from typing import Any

from detectors.bank import catalogue
from detectors.base import Detector
from detectors.state import dump, fill
from streams.incidents.timers import Timer, Timers

AnyDetector = Detector[Any]
Steps = tuple[tuple[AnyDetector, Timer | None], ...]


class Crew:
    """Detectors by name and device; those of the whole site have none.

    Attributes
    ----------
    steps
        Who is shown a type of telemetry of a device, with the timer that may have to be set afterwards.
    timers
        When each wants to be woken.
    """

    def __init__(self) -> None:
        self.steps: dict[tuple[str, str], Steps] = {}
        self.timers = Timers()
        self._detectors: dict[tuple[str, str], AnyDetector] = {}

    def __iter__(self) -> Iterator[AnyDetector]:
        return iter(self._detectors.values())

    def equip(self, kind: str, device: str) -> Steps:
        """Find or make those who read this type of telemetry of this device."""
        owned = ((cls, device if cls.scope == "device" else "") for cls in catalogue() if kind in cls.reads)
        steps = tuple((self._detector(cls, owner), self.timers.get((cls.name, owner))) for cls, owner in owned)
        self.steps[kind, device] = steps
        return steps

    def forget(self, device: str) -> None:
        """Dismiss a device's detectors; all of the site where `device` is empty."""
        for key in [key for key in self._detectors if not device or key[1] == device]:
            del self._detectors[key]
            self.timers.drop(key)
        self.steps = {key: steps for key, steps in self.steps.items() if device and key[1] != device}

    def freeze(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What they have learnt, as plain data."""
        return [(name, owner, dump(found)) for (name, owner), found in self._detectors.items()]

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
