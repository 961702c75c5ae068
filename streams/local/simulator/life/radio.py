"""Supervision of the alarm's wireless detectors and of its own paths."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.devices import Body, Device, Event, Radio
from streams.local.simulator.life.power import due
from streams.local.simulator.site import Site
from streams.local.simulator.spells import Spell, holding

MISSING = 2.5 * 3600
"""Seconds without a heartbeat until the panel reports a detector missing."""


def live(site: Site, day: Day, out: list[Event]) -> None:
    """Let detectors and paths report a day."""
    rng = site.rng("ether", day.number)
    floor = site.habits.noise_floor + rng.gauss(0, 1)
    jams = site.spells.of(on.JAM, day.start, day.end)
    for radio in site.radios:
        _radio(site, day, radio, floor, jams, out)
    for path in site.paths:
        _path(site, day, path, out)
    _missing(site, day, jams)


def _radio(site: Site, day: Day, radio: Radio, floor: float, jams: list[Spell], out: list[Event]) -> None:
    rng = site.rng(f"radio/{radio.name}", day.number)
    random, gauss = rng.random, rng.gauss
    silent = site.spells.of(on.SILENT, day.start, day.end, radio.name)
    weak = site.spells.of(on.BATTERY_LOW, day.start, day.end, radio.name)
    for when in due(radio, day, rng, []):
        when += random() * 3
        loss = radio.loss
        if silent and holding(silent, when):
            continue
        if weak and (dying := holding(weak, when)):
            loss += 0.9 * ((when - dying.start) / (dying.end - dying.start)) ** 2
        jam = holding(jams, when) if jams else None
        if random() < (max(loss, min(0.97, jam.level / 30)) if jam else loss):
            continue
        body: Body = {"type": "alarm.heartbeat", "path": "radio"}
        if not radio.terse:
            noise = floor + gauss(0, 1.2) + (jam.level * rng.uniform(0.8, 1.1) if jam else 0.0)
            body["rssi"] = round(min(20.0, radio.rssi + gauss(0, 2)), 1)
            body["noise_floor"] = round(min(20.0, noise), 1)
            lossy = rng.uniform(0.3, 0.95) if jam else max(0.0, gauss(radio.loss, 0.01))
            if jams:  # It counts what was lost since it last reported.
                lossy = max(lossy, _exposed(jams, when - radio.interval, when) * rng.uniform(0.5, 1))
            body["packet_loss"] = round(min(1.0, lossy), 3)
        out.append((when, radio, body))


def _exposed(jams: list[Spell], start: float, end: float) -> float:
    """Answer which part of a span was jammed, 0–1."""
    return sum(max(0.0, min(jam.end, end) - max(jam.start, start)) for jam in jams) / (end - start)


def _path(site: Site, day: Day, path: Device, out: list[Event]) -> None:
    rng = site.rng(f"path/{path.name}", day.number)
    silent = site.spells.of(on.SILENT, day.start, day.end, path.name)
    for when in due(path, day, rng, []):
        if silent and holding(silent, when):
            continue
        body: Body = {"type": "alarm.heartbeat", "path": path.path}
        if path.path == "ip":
            body["packet_loss"] = round(max(0.0, rng.gauss(-0.01, 0.01)), 3)
        else:
            body["rssi"] = round(rng.gauss(-78, 4), 1)
        out.append((when, path, body))


def _missing(site: Site, day: Day, jams: list[Spell]) -> None:
    """Let the panel say which detectors it has not heard for hours, and that it hears a jammer."""
    rng = site.rng("missing", day.number)
    for jam in jams:
        if day.start <= jam.start < day.end and jam.level >= 15 and jam.end - jam.start > 60:
            if rng.random() < 0.6:
                site.signal(jam.start + rng.uniform(30, 60), "XQ")
                site.signal(jam.end + rng.uniform(20, 90), "XH")
            for radio in site.radios if jam.end - jam.start > MISSING else ():
                site.signal(jam.start + MISSING + rng.uniform(0, 900), "BZ", radio.zone)
    for radio in site.radios:
        _unheard(site, day, radio, rng)


def _unheard(site: Site, day: Day, radio: Radio, rng: Random) -> None:
    for spell in site.spells.of(on.SILENT, day.start, day.end, radio.name):
        when = spell.start + MISSING + rng.uniform(0, 600)
        if day.start <= when < min(day.end, spell.end):
            site.signal(when, "BZ", radio.zone)
