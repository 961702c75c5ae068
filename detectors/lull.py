"""Silence of devices that speak only when something happens: readers, docks, gates."""

from collections.abc import Callable, Iterable
from math import inf, log
from typing import ClassVar, TypeVar

from mypy_extensions import mypyc_attr

from detectors.base import Detector, Row, Sign
from detectors.events import Event
from detectors.scene import Scene
from detectors.state import Part

E_contra = TypeVar("E_contra", bound=Event, contravariant=True)

HOUR_S = 3600.0
CERTAIN = 12.0
"""Nats from which on silence is no chance any more."""
MOST_DEVICES = 500
SURE = 0.95
"""No hour is surer than this to be a busy one: people have meetings."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Speaker(Part):
    """How regularly a device speaks in hours in which its domain does, and how improbable its silence is by now."""

    __slots__ = ("nats", "seen", "since", "spoke", "told")

    def __init__(self, at: float) -> None:
        self.seen = 0.0
        self.spoke = 0.0
        self.nats = 0.0
        self.since = at
        self.told = False

    def chance(self) -> float:
        """How likely it is to speak in a busy hour."""
        return min(self.spoke / (self.seen + 3.0), SURE)


class Lull(Detector[E_contra]):
    """Counts busy hours in which a device, or its whole domain, said nothing.

    A device is missed by its share in hours in which others of its domain speak; the domain by how often it spoke in
    this hour of working days and weekends, and only while the intruder alarm is unset, for nobody works on a holiday.
    Nothing counts while the site itself is not heard. A subclass names its domain, its `reads` and its noun.
    """

    sort = "silent"
    scope = "site"
    noun: ClassVar[str]
    """What its devices are called: "reader"."""
    work: ClassVar[str]
    """What it is that is no longer heard of: "goods"."""

    def __init__(self) -> None:
        self.spoke = [0.0] * 48
        self.seen = [0.0] * 48
        self.nats = 0.0
        self.told = False
        self.last = 0.0
        self.hour = 0.0
        self.heard: set[str] = set()
        self.speakers: dict[str, Speaker] = {}

    def step(self, event: E_contra, scene: Scene) -> Sign | None:
        """Note who spoke; silence is judged when an hour is over."""
        if len(self.heard) < 4 * MOST_DEVICES or event.device in self.speakers:
            self.heard.add(event.device)
        self.last = scene.clock
        if self.wake == inf:
            self.hour = scene.clock // HOUR_S * HOUR_S
            self.wake = self.hour + HOUR_S
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        """Judge the hour that is over, then learn from it."""
        hour, heard = self.hour, self.heard
        self.hour = now // HOUR_S * HOUR_S
        self.wake = self.hour + HOUR_S
        self.heard = set()
        if now - max(scene.presence.latest, scene.heard) > HOUR_S / 4 or scene.presence.severed(now):
            return []
        local = scene.local(hour)
        slot = local.hour + (24 if local.weekday() > 4 else 0)
        signs = self._devices(heard, now) if heard else self._domain(slot, now, scene)
        if heard:
            self.nats, self.told = 0.0, False
        self.seen[slot] = 0.97 * self.seen[slot] + 1.0
        self.spoke[slot] = 0.97 * self.spoke[slot] + bool(heard)
        return signs

    def coverage(self) -> tuple[int, int]:
        """Tell how many of its devices are live, and how many are known."""
        missed = sum(speaker.told for speaker in self.speakers.values())
        return 0 if self.told else len(self.speakers) - missed, len(self.speakers)

    def _domain(self, slot: int, now: float, scene: Scene) -> list[Sign]:
        if scene.armed:
            return []
        self.nats -= log(1.0 - min(self.spoke[slot] / (self.seen[slot] + 2.0), SURE))
        if self.told or self.nats < CERTAIN:
            return []
        self.told = True
        hours = (now - self.last) / HOUR_S
        summary = f"No {self.noun} has reported any {self.work} for {hours:.0f} hours in which they always do."
        evidence = {"silent_h": round(hours, 1), "surprise": round(self.nats, 1), "devices": len(self.speakers)}
        return [Sign(0.6, summary, evidence, key="all")]

    def _devices(self, heard: set[str], now: float) -> list[Sign]:
        signs = []
        for device in sorted(heard - self.speakers.keys()):
            self.speakers[device] = Speaker(now)
            if len(self.speakers) > MOST_DEVICES:
                del self.speakers[next(iter(self.speakers))]
        for device, speaker in self.speakers.items():
            if device in heard:
                speaker.nats, speaker.told, speaker.since = 0.0, False, now
            else:
                speaker.nats -= log(1.0 - speaker.chance())
                if speaker.nats >= CERTAIN and not speaker.told:
                    speaker.told = True
                    signs.append(self._missing(device, speaker, now))
            speaker.seen = 0.99 * speaker.seen + 1.0
            speaker.spoke = 0.99 * speaker.spoke + (device in heard)
        return signs

    def _missing(self, device: str, speaker: Speaker, now: float) -> Sign:
        hours = (now - speaker.since) / HOUR_S
        summary = f"The {self.noun} {device} has been silent for {hours:.0f} hours while others report {self.work}."
        evidence = {"silent_h": round(hours, 1), "surprise": round(speaker.nats, 1)}
        return Sign(0.3, summary, evidence, device=device, key="silent")

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        """Two weeks of working days in which one device is used every third hour only."""
        return _weeks(cls.example, range(14), 2)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        """After these weeks one device falls silent, then both."""
        yield from _weeks(cls.example, range(14), 2)
        yield from _weeks(cls.example, range(14, 19), 1)
        yield from _weeks(cls.example, range(21, 22), 0)

    @classmethod
    def example(cls, t: float, n: int) -> Row:
        """Make a sign of life of the n-th device of the examples, `t` seconds in."""
        raise NotImplementedError


def _weeks(seen: Callable[[float, int], Row], days: range, devices: int) -> Iterable[Row]:
    for hour in (24 * day + hour for day in days for hour in range(24)):
        at = hour * 3600.0
        if hour // 24 % 7 < 5 and 7 <= hour % 24 < 18:
            for n in range(devices):
                if n == 0 or hour % 3 == 0:
                    yield seen(at + 600.0 * (n + 1), n)
        yield {"t": at + 3000.0, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
        if hour % 24 in (6, 20) and hour // 24 % 7 < 5:
            yield {
                "t": at + 3100.0,
                "type": "alarm.signal",
                "device": "panel-1",
                "code": "OP" if hour % 24 == 6 else "CL",
            }
        yield {"tick": at + 3601.0}
