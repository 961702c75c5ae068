"""Spells: spans in which something is out of the ordinary, planned by mishaps and scenarios, obeyed by devices."""

from typing import NamedTuple

FEED_DEAD = "feed-dead"
SAG = "sag"
GENERATOR_TEST = "generator-test"
GENERATOR_FAILS = "generator-fails"
UPS_TEST = "ups-test"
LOAD_SHED = "load-shed"
WAN = "wan"
SILENT = "silent"
JAM = "jam"
BATTERY_LOW = "battery-low"
LOST = "lost"
DAZZLED = "dazzled"
COVERED = "covered"
FROZEN = "frozen"
MOVED = "moved"
BLURRED = "blurred"
WEB = "web"
DISKS = "disks"
FORGET = "forget"
OVERTIME = "overtime"
SEVERED = "severed"
RECORDED = "recorded"
REPLAYED = "replayed"
SHRINK = "shrink"
RUSH = "rush"
UPS_WEAK = "ups-weak"
PAUSED = "paused"
DESERTED = "deserted"


class Spell(NamedTuple):
    """Something lasts from `start` until `end` (Unix seconds) at one device or, without one, at the whole site.

    `level` is volts for a sag, dB for a jammer, disks missing, frames of a loop, a factor for a rush, cartons a day for
    shrinkage, 1 for a replay with fresh time; 0 elsewhere.
    """

    what: str
    start: float
    end: float
    device: str = ""
    level: float = 0.0


class Spells:
    """A site's spells, by what they are."""

    def __init__(self) -> None:
        self._known: dict[str, list[Spell]] = {}

    def add(self, what: str, start: float, end: float, device: str = "", level: float = 0.0) -> Spell:
        """Plan a spell."""
        spell = Spell(what, start, end, device, level)
        self._known.setdefault(what, []).append(spell)
        return spell

    def of(self, what: str, start: float, end: float, device: str | None = None) -> list[Spell]:
        """List the spells that touch a span; of a device: those of it and those of the whole site."""
        return [
            spell
            for spell in self._known.get(what, ())
            if spell.start < end and spell.end > start and (device is None or spell.device in ("", device))
        ]

    def at(self, what: str, when: float, device: str | None = None) -> Spell | None:
        """Answer one spell that holds at a moment."""
        return next(iter(self.of(what, when, when + 0.001, device)), None)

    def spare(self, what: str, start: float, end: float) -> None:
        """Keep a span free of what is planned so far: what reaches into it ends before, what begins there is off."""
        kept = [spell for spell in self._known.get(what, ()) if not start <= spell.start < end]
        self._known[what] = [spell._replace(end=start) if spell.start < start < spell.end else spell for spell in kept]

    def prune(self, before: float) -> None:
        """Forget what ended before a moment."""
        for what, spells in self._known.items():
            self._known[what] = [spell for spell in spells if spell.end >= before]


def holding(spells: list[Spell], when: float) -> Spell | None:
    """Answer the first of these spells that holds at a moment."""
    for spell in spells:
        if spell.start <= when < spell.end:
            return spell
    return None
