"""From what devices saw to records as they arrive: clocks, counters, batches, delays, duplicates, outages, rubbish."""

from dataclasses import dataclass, field
from math import inf
from operator import itemgetter
from random import Random
from typing import NamedTuple

import msgspec

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day, stamp
from streams.local.simulator.devices import Device, Event
from streams.local.simulator.site import Site
from streams.local.simulator.spells import Spell, holding
from streams.local.simulator.spoil import spoil
from streams.telemetry.recording import Line

BATCH = 1000
TOPICS = {domain: f"telemetry.{domain}" for domain in ("power", "alarm", "camera", "rfid", "shipment")}
_encode = msgspec.json.encode


class Sent(NamedTuple):
    """A record as it arrives at Kafka, at a moment in Unix seconds; `punctual` when that is the device's own time."""

    arrival: float
    topic: str
    key: bytes
    value: bytes
    punctual: bool = False

    def line(self, number: int) -> Line:
        """Answer it as the line of a recording that has this number."""
        value = None if self.value == b"null" else self.value
        return Line(self.topic, self.key, value, None if self.punctual else self.arrival, number)


@dataclass(slots=True)
class Link:
    """How a domain's objects travel: `batch` seconds between two deliveries (0: each alone), delays in seconds."""

    batch: float
    delay: float
    slow: float
    """Share that takes many times as long, so that order is lost."""
    flush: float = 0.0
    waiting: list[bytes] = field(default_factory=list)


class Wire:
    """A site's way to Kafka."""

    def __init__(self, site: Site) -> None:
        rng = site.rng("wire")
        self.site = site
        self.key = site.id.encode()
        self.spoilt = 0
        self.objects = 0
        self.links = {}
        batches = rng.random() < 0.5
        for domain, longest in (("power", 30), ("alarm", 20), ("camera", 60), ("rfid", 45), ("shipment", 10)):
            batch = rng.uniform(2, longest) * site.habits.spool if batches and rng.random() < 0.7 else 0.0
            slow = rng.choice((0.0, 0.002, 0.02))
            self.links[domain] = Link(batch, rng.choice((0.0, 0.0, 0.05, 0.4, 2.0)), slow)
        self.backwards = rng.random() < 0.3
        self._flush_at = inf
        self._held: list[Sent] = []
        self._severed: list[Spell] = []
        self._recorded: list[Spell] = []
        self._tapes: dict[str, list[tuple[float, bytes]]] = {}

    def deliver(self, events: list[Event], day: Day) -> list[Sent]:
        """Send a day's events (sorted by time); answer what arrives before the day's end, in order of arrival."""
        rng = self.site.rng("wire", day.number)
        outages = self.site.spells.of(on.WAN, day.start - 86400, day.end)
        self._severed = self.site.spells.of(on.SEVERED, day.start, day.end)
        self._recorded = self.site.spells.of(on.RECORDED, day.start, day.end)
        out, self._held = self._held, []
        reboots = sorted(self.site.reboots, key=itemgetter(0), reverse=True)
        for event in events:
            while reboots and reboots[-1][0] <= event[0]:
                device = reboots.pop()[1]
                if device.volatile and device.sequence is not None:
                    device.sequence = 0
            if event[0] >= self._flush_at:
                self._flush(event[0], rng, outages, out)
            self._send(event, rng, outages, out)
        self._flush(day.end, rng, outages, out)
        for spell in self.site.spells.of(on.REPLAYED, day.start, day.end):
            self._replay(spell, day, rng, out)
        self.site.reboots = reboots
        out.sort(key=itemgetter(0))
        for index, sent in enumerate(out):
            if sent.arrival >= day.end:
                self._held = out[index:]
                return out[:index]
        return out

    def rest(self) -> list[Sent]:
        """Answer what is still on its way after the last day."""
        self._flush(inf, self.site.rng("wire"), [], self._held)
        return sorted(self._held, key=itemgetter(0))

    def _send(self, event: Event, rng: Random, outages: list[Spell], out: list[Sent]) -> None:
        when, device, body = event
        site, domain = self.site, device.domain
        link = self.links[domain]
        shown = when + device.skew
        whole = {"site": site.id, "device": device.name, "time": stamp(shown), **body, **site.extras}
        for name in site.habits.hides.get(body["type"], ()):
            if body["type"] == "shipment.planned":
                whole[name] = []
            else:
                whole.pop(name, None)
        if device.sequence is not None:
            whole["sequence"] = device.sequence
            device.sequence += 1
        self.objects += 1
        value = _encode(whole)
        if self._recorded and any(s.device == device.name and s.start <= when < s.end for s in self._recorded):
            self._tapes.setdefault(device.name, []).append((when, value))
        if rng.random() < site.habits.spoils:
            domain, value = spoil(rng, domain, whole)
            self.spoilt += 1
            self._post(domain, value, when + rng.uniform(0.01, 1), False, rng, outages, out)
        elif link.batch and not device.outlives:
            if not link.waiting:
                link.flush = when + link.batch * rng.uniform(0.5, 1)
                self._flush_at = min(self._flush_at, link.flush)
            link.waiting.append(value)
            if len(link.waiting) == BATCH:
                self._flush_at = link.flush = when
        else:
            delay = rng.expovariate(1 / link.delay) if link.delay else 0.0
            if rng.random() < link.slow:
                delay += rng.uniform(1, 25)
            punctual = not (delay or device.skew)
            line = [] if device.outlives else outages
            self._post(domain, value, when + delay, punctual, rng, line, out)

    def _replay(self, spell: Spell, day: Day, rng: Random, out: list[Sent]) -> None:
        """Play what was recorded of a device over and over again, as it was or with the time set right."""
        tape = self._tapes.get(spell.device, [])
        span = tape[-1][0] - tape[0][0] + 60 if tape else 0.0
        rounds = 0
        while tape and spell.start + rounds * span < min(spell.end, day.end):
            for recorded, value in tape:
                when = spell.start + rounds * span + recorded - tape[0][0]
                if max(spell.start, day.start) <= when < min(spell.end, day.end):
                    fresh = msgspec.json.decode(value) | {"time": stamp(when)} if spell.level else None
                    self._post("alarm", _encode(fresh) if fresh else value, when, False, rng, [], out)
            rounds += 1

    def _flush(self, until: float, rng: Random, outages: list[Spell], out: list[Sent]) -> None:
        """Deliver the batches that are due by a moment."""
        for domain, link in self.links.items():
            if link.waiting and link.flush <= until:
                value = link.waiting[0] if len(link.waiting) == 1 else b"[" + b",".join(link.waiting) + b"]"
                when = link.flush + rng.expovariate(1 / (link.delay + 0.1))
                self._post(domain, value, when, False, rng, outages, out)
                link.waiting = []
        self._flush_at = min((link.flush for link in self.links.values() if link.waiting), default=inf)

    def _post(
        self, domain: str, value: bytes, when: float, punctual: bool, rng: Random, outages: list[Spell], out: list[Sent]
    ) -> None:
        """Put a record on the line; during an outage it waits and comes in a burst afterwards."""
        if outages and (outage := holding(outages, when)):
            rank = (when - outage.start) / (outage.end - outage.start)
            drain = min(300.0, 2 + (outage.end - outage.start) / 60)
            when = outage.end + rng.uniform(0, 3) + drain * (1 - rank if self.backwards else rank)
            punctual = False
        if self._severed and holding(self._severed, when):
            return
        topic = TOPICS[domain]
        out.append(Sent(round(when, 3), topic, self.key, value, punctual))
        if rng.random() < self.site.habits.duplicates:
            later = when + rng.choice((0.0, rng.uniform(0, 2), rng.uniform(5, 90)))
            out.append(Sent(round(later, 3), topic, self.key, value))


def clock(devices: list[Device]) -> None:
    """Let a day's drift add to the clocks that are wrong."""
    for device in devices:
        if device.skew:
            device.skew += device.drift
