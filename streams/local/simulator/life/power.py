"""Mains, generator and UPS: what the meters read, and what dies when the battery is empty."""

from collections.abc import Iterator
from math import pi, sin
from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.devices import Body, Device, Event, Meter
from streams.local.simulator.site import Site
from streams.local.simulator.spells import Spell, holding

GRID = ("grid-a", "grid-b")


def blackouts(site: Site, start: float, end: float) -> list[Spell]:
    """List the spans, clipped to nothing, in which every grid feed of the site is dead."""
    feeds = [meter.feed for meter in site.meters if meter.feed in GRID]
    spans = site.spells.of(on.FEED_DEAD, start, end, feeds[0])
    for feed in feeds[1:]:
        others = site.spells.of(on.FEED_DEAD, start, end, feed)
        spans = [
            Spell(on.FEED_DEAD, max(one.start, other.start), min(one.end, other.end))
            for one in spans
            for other in others
            if max(one.start, other.start) < min(one.end, other.end)
        ]
    return spans


def consequences(site: Site, day: Day) -> None:
    """Plan what follows from the blackouts that begin today: the panel's report, the battery's end, the restart."""
    rng = site.rng("blackouts", day.number)
    for dark in blackouts(site, day.start, day.end):
        if not day.start <= dark.start < day.end:
            continue
        if dark.end - dark.start > site.habits.mains_delay:
            site.signal(dark.start + site.habits.mains_delay + rng.uniform(0, 9), "AT")
            site.signal(dark.end + site.habits.mains_delay + rng.uniform(0, 30), "AR")
        empty = dark.start + (site.habits.battery if site.ups else 0.0)
        if helped(site, dark.start + 30) is None and dark.end > empty:
            for device in site.powered():
                back = dark.end + rng.uniform(40, 240)
                site.spells.add(on.SILENT, empty + rng.uniform(0, 20), back, device.name)
                site.reboots.append((back, device))


def helped(site: Site, when: float) -> Spell | None:
    """Answer the generator's run at a moment of a blackout, if it has one that starts."""
    if site.generator is None or site.spells.at(on.GENERATOR_FAILS, when):
        return None
    dark = holding(blackouts(site, when - 1, when + 1), when)
    return dark if dark and when > dark.start + 12 else None


def live(site: Site, day: Day, out: list[Event]) -> None:
    """Let meters and UPS report a day."""
    for meter in [*site.meters, *([site.generator] if site.generator else [])]:
        _meter(site, day, meter, out)
    if site.ups:
        _ups(site, day, site.ups, out)


def due(device: Device, day: Day, rng: Random, changes: list[float]) -> Iterator[float]:
    """Walk through the moments of a day at which a device reports: its intervals, and changes that it tells at once."""
    moments = []
    when = device.due if device.due >= day.start else day.start + device.due % device.interval
    while when < day.end:
        moments.append(when + rng.random() * 1.5)
        when += device.interval
    device.due = when
    moments += [change + rng.uniform(0.1, 0.9) for change in changes if day.start <= change < day.end]
    moments.sort()
    return iter(moments)


def _edges(spells: list[Spell]) -> list[float]:
    return [edge for spell in spells for edge in (spell.start, spell.end)]


def _meter(site: Site, day: Day, meter: Meter, out: list[Event]) -> None:
    rng = site.rng(f"meter/{meter.name}", day.number)
    generates = meter.feed == "generator"
    dead = site.spells.of(on.FEED_DEAD, day.start, day.end, meter.feed)
    sags = site.spells.of(on.SAG, day.start, day.end, meter.feed)
    tests = site.spells.of(on.GENERATOR_TEST, day.start, day.end) if generates else []
    shed = site.spells.of(on.LOAD_SHED, day.start, day.end)
    silent = site.spells.of(on.SILENT, day.start, day.end, meter.name)
    dark = blackouts(site, day.start, day.end)
    other = [spell for spell in site.spells.of(on.FEED_DEAD, day.start, day.end) if spell.device != meter.feed]
    climate = site.habits.climate_load * abs(site.sky(day).temperature - 18) / 10
    habits = site.habits
    wander = rng.gauss(0, 1.2)
    for when in due(meter, day, rng, _edges([*dead, *sags, *tests]) if meter.prompt else []):
        if silent and holding(silent, when):
            continue
        wander += rng.gauss(0, 0.15) - 0.02 * wander
        volts = meter.volts + wander - 1.5 * sin(2 * pi * (when % 86400) / 86400) + rng.gauss(0, 0.5)
        frequency = site.place.hertz + rng.gauss(0, 0.015)
        load = (habits.base_load + habits.work_load * day.activity[day.quarter(when)] + climate) * meter.share
        load *= rng.gauss(1, 0.03)
        if generates:
            running = holding(tests, when) is not None
            alive = running or (dark and helped(site, when))
            volts, frequency, load = (volts, frequency, load * (0.03 if running else 1)) if alive else (0.0, 0.0, 0.0)
        elif dead and holding(dead, when):
            volts, frequency, load = rng.choice((0.0, rng.uniform(0, 5))), 0.0, 0.0
        elif sags and (sag := holding(sags, when)):
            volts = sag.level + rng.gauss(0, 3)
        if other and meter.feed in GRID and holding(other, when):
            load /= max(0.3, meter.share)
        if shed and (cut := holding(shed, when)):
            load *= 1 - cut.level
        out.append((when, meter, _reading(meter, volts, frequency, load)))


def _reading(meter: Meter, volts: float, frequency: float, load: float) -> Body:
    body: Body = {
        "type": "power.reading",
        "feed": meter.feed,
        "voltage": round(max(0.0, volts), 1),
        "frequency": round(frequency, 2),
    }
    return body | {"load": round(load)} if meter.has_load else body


def _ups(site: Site, day: Day, ups: Device, out: list[Event]) -> None:
    rng = site.rng("ups", day.number)
    first = day.start - 6 * 3600
    dark = blackouts(site, first, day.end)
    tests = site.spells.of(on.UPS_TEST, day.start, day.end)
    silent = site.spells.of(on.SILENT, day.start, day.end, ups.name)
    full = rng.uniform(97, 100)
    for when in due(ups, day, rng, _edges(dark) + _edges(tests)):
        if silent and holding(silent, when):
            continue
        flags, charge, reason = ["OL"], full, None
        now = holding(dark, when) if dark else None
        if now and helped(site, when) is None:
            flags, reason = ["OB", "DISCHRG"], "inputLost"
            charge = max(0.0, full * (1 - (when - now.start) / site.habits.battery))
            if charge < 20:
                flags.append("LB")
        elif tests and holding(tests, when):
            flags, charge, reason = ["OB", "CAL"], full - 1, "selfTest"
        elif past := [spell for spell in dark if spell.end <= when]:
            drained = min(100.0, 100 * (past[-1].end - past[-1].start) / site.habits.battery)
            charge = min(full, full - drained + (when - past[-1].end) / 300)
            flags = ["OL", "CHRG"] if charge < full else flags
        if weak := site.spells.at(on.UPS_WEAK, when):
            charge = _aged(flags, charge, (when - weak.start) / (weak.end - weak.start))
        powered = now is None or helped(site, when) is not None
        body: Body = {
            "type": "power.status",
            "status": flags,
            "input_voltage": round(site.place.mains + rng.gauss(0, 1.5) if powered else rng.uniform(0, 6), 1),
            "battery_charge": round(max(0.0, charge), 1),
            "battery_runtime": round(site.habits.battery * max(0.0, charge) / 100 * rng.uniform(0.96, 1.04)),
        }
        if reason:
            body["transfer_reason"] = reason
        out.append((when, ups, body))


def _aged(flags: list[str], charge: float, age: float) -> float:
    """Answer what an ageing battery still holds, and let it ask for its replacement; `age` is 0–1."""
    if age > 0.3:
        flags.append("RB")
    charge *= 1 - 0.7 * age
    if charge < 50 and "OB" in flags and "LB" not in flags:
        flags.append("LB")
    return charge
