"""When which detector wants to be woken: a heap, so that time costs nothing while nobody waits for it."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from math import inf
from typing import Any

from detectors.base import Detector


class Timer:
    """A detector that time wakes, and when it was last put down to be woken, Unix seconds."""

    __slots__ = ("at", "detector", "name")

    def __init__(self, name: tuple[str, str], detector: Detector[Any]) -> None:
        self.name = name
        self.detector = detector
        self.at = inf


class Timers:
    """The timers of one site, by detector and device."""

    __slots__ = ("heap", "timers")

    def __init__(self) -> None:
        self.timers: dict[tuple[str, str], Timer] = {}
        self.heap: list[tuple[float, tuple[str, str]]] = []

    def add(self, name: tuple[str, str], detector: Detector[Any]) -> None:
        """Watch a detector's `wake`, if it is one that time can show anything."""
        if type(detector).tick is not Detector.tick:
            self.timers[name] = Timer(name, detector)

    def hasten(self, name: tuple[str, str]) -> None:
        """Have a detector woken that wants to be sooner than before, if it is one that time can show anything."""
        timer = self.timers.get(name)
        if timer is not None:
            self.set(timer)

    def drop(self, name: tuple[str, str]) -> None:
        """Forget a detector."""
        self.timers.pop(name, None)

    def tidy(self) -> None:
        """Take the forgotten ones out of the heap, where they would lie until their time."""
        self.heap = [(timer.at, timer.name) for timer in self.timers.values() if timer.at < inf]
        heapify(self.heap)

    def set(self, timer: Timer) -> None:
        """Put a timer down for when its detector wants to be woken, unless it is woken earlier already."""
        if timer.detector.wake < timer.at:
            timer.at = timer.detector.wake
            heappush(self.heap, (timer.at, timer.name))

    def set_all(self) -> None:
        """Put all timers down, after their detectors were filled from a snapshot."""
        for timer in self.timers.values():
            self.set(timer)

    def ring(self, now: float) -> Iterator[Detector[Any]]:
        """Yield those whose time has come by `now`, in the order of their names, and put each down anew."""
        ripe = []
        while self.heap and self.heap[0][0] <= now:
            at, name = heappop(self.heap)
            timer = self.timers.get(name)
            if timer is not None and timer.at == at:
                timer.at = inf
                ripe.append(timer)
        if len(ripe) > 1:
            ripe.sort(key=_name)
        for timer in ripe:
            if timer.detector.wake <= now:
                yield timer.detector
                if timer.detector.wake <= now:
                    raise RuntimeError(f"{timer.name[0]} was woken at {now} and wants to wake at {timer.detector.wake}")
            self.set(timer)

    def due(self) -> float:
        """When the next is to be woken, at the earliest, Unix seconds; `inf` for never."""
        return self.heap[0][0] if self.heap else inf


def _name(timer: Timer) -> tuple[str, str]:
    return timer.name
