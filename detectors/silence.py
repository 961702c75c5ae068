"""Who should have spoken: every periodic device's rhythm, and the base of the detectors that report silence.

A device is missed only when it is late by its own rhythm, its own losses and its own delays, and only while others of
the site are heard: when nothing is heard at all, it is the line that is down, not the devices.
"""

from collections.abc import Iterable, Iterator
from math import inf
from typing import ClassVar, NamedTuple, TypeVar

from detectors.base import Detector, Sign
from detectors.events import Event
from detectors.rhythm import LEAST, STEADY, Stream
from detectors.scene import Scene

E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


UNHEARD_S = 3600.0
"""A declared device is given so long to be heard at all, s."""


class Missing(NamedTuple):
    """A device that should have spoken.

    Attributes
    ----------
    device
        Its name.
    since
        When it was last heard, Unix seconds (arrival clock).
    interval
        Its own rhythm, s.
    """

    device: str
    since: float
    interval: float


class Silence(Detector[E_contra]):
    """Periodic devices of one domain that fell silent.

    One device is one weak sign, once for each silence; many at once are one strong sign of the site. What the site
    declares and nobody ever heard is one weak sign together: declared too early, named otherwise, or never let speak.
    A subclass names its domain, `reads` (the periodic types, whose devices it watches) and its devices' noun.
    """

    sort = "silent"
    scope = "site"
    starts_s = 60.0  # the rhythm itself is kept by the scene
    noun: ClassVar[str]
    """What one of the devices is called: "camera"."""
    alone_score: ClassVar[float] = 0.3
    """Score of one silent device among others that speak."""
    many: ClassVar[int] = 3
    """How many silent devices are a silence of the domain."""

    def __init__(self) -> None:
        self.told: dict[str, float] = {}
        self.group = 0
        self.unheard: set[str] = set()
        self.asked = 0.0

    def members(self, scene: Scene) -> Iterator[tuple[str, Stream]]:
        """Devices that are watched, and their rhythm."""
        for kind in self.reads:
            yield from scene.presence.streams[kind].items()

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        """Report who is overdue."""
        presence = scene.presence
        since = presence.since
        missing: list[Missing] = []
        watched = 0
        soonest = now + 300.0
        for device, stream in self.members(scene):
            interval = stream.interval
            if stream.steady < STEADY or interval <= 0.0:
                continue
            watched += 1
            due = (stream.last if stream.last > since else since) + LEAST * interval
            if due <= now:
                due = presence.due(stream, now)
            if due > now:
                if due < soonest:
                    soonest = due
            elif due <= presence.latest:
                missing.append(Missing(device, stream.last, stream.interval))
            else:
                soonest = now  # late, but so may be the line: ask again soon
        self.wake = max(soonest, now + 15.0)
        if not missing:
            self.group = 0
            return self._unheard(now, scene)
        self.told = {device: since for device, since in self.told.items() if since > now - 30 * 86400.0}
        if presence.severed(now):
            return []
        return self._signs(missing, watched, now, scene) + self._unheard(now, scene)

    def _unheard(self, now: float, scene: Scene) -> list[Sign]:
        """Report what is declared and has not been heard as often as shows a rhythm."""
        if not scene.declared or now < max(self.asked, scene.first + UNHEARD_S):
            return []
        self.asked = now + UNHEARD_S / 4
        if now - scene.presence.latest > UNHEARD_S / 4:
            return []
        streams = [scene.presence.streams[kind] for kind in self.reads]
        fresh = []
        for device, (domain, interval) in scene.declared.items():
            if domain != self.domain or device in self.unheard:
                continue
            last = max((known[device].last for known in streams if device in known), default=scene.first)
            steady = any(known[device].steady >= STEADY for known in streams if device in known)
            if not steady and now - last > max(UNHEARD_S, 6.0 * interval):
                fresh.append(device)
        if not fresh:
            return []
        self.unheard.update(fresh)
        names = ", ".join(sorted(fresh)[:6])
        summary = f"The site declares {len(fresh)} {self.noun}{'s' * (len(fresh) > 1)} that nobody hears: {names}."
        return [Sign(0.15, summary, {"devices": sorted(fresh)[:20]}, device=min(fresh), key="unheard")]

    def _signs(self, missing: list[Missing], watched: int, now: float, scene: Scene) -> list[Sign]:
        fresh = [lost for lost in missing if self.told.get(lost.device, -inf) < lost.since]
        recent = [lost for lost in missing if now - lost.since < 6 * 3600.0 + 3 * lost.interval]
        if len(recent) >= max(self.many, 0.3 * watched):
            if fresh and len(recent) > self.group:
                self.group = len(recent)
                self.told.update((lost.device, lost.since) for lost in missing)
                return [self._crowd(recent, watched, now)]
            return []
        self.group = 0
        self.told.update((lost.device, lost.since) for lost in fresh)
        return [self._one(lost, now, scene) for lost in fresh]

    def _one(self, lost: Missing, now: float, scene: Scene) -> Sign:
        silent = now - lost.since
        return Sign(
            self.weigh(lost.device, scene) * (0.5 if scene.open(now) else 1.0),
            f"{self.noun.capitalize()} {lost.device} has been silent for {spell(silent)}; "
            f"it reports every {spell(lost.interval)} otherwise.",
            {"silent_s": round(silent, 1), "interval_s": round(lost.interval, 1)},
            device=lost.device,
            key="silent",
        )

    def weigh(self, device: str, scene: Scene) -> float:
        """Score of this one device's silence by night."""
        return self.alone_score

    def _crowd(self, lost: list[Missing], watched: int, now: float) -> Sign:
        silent = now - min(one.since for one in lost)
        share = len(lost) / max(watched, 1)
        return Sign(
            min(0.45 + 0.5 * share, 0.95),
            f"Silence of {len(lost)} of {watched} {self.noun}s for {spell(silent)}; the rest of the site is heard.",
            {"devices": sorted(one.device for one in lost)[:20], "watched": watched, "silent_s": round(silent, 1)},
            key="many",
        )


def spell(seconds: float) -> str:
    """Write a duration as people say it."""
    if seconds < 120.0:
        return f"{seconds:.0f} seconds"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.0f} minutes"
    return f"{seconds / 3600.0:.0f} hours"
