"""What goes wrong on ordinary days: planned as spells before the devices live through the day."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.devices import Device
from streams.local.simulator.site import Site

Span = tuple[float, float]


def plan(site: Site, day: Day) -> None:
    """Plan the day's mishaps of a site and those that it shares with its region."""
    rng = site.rng("mishaps", day.number)
    _grid(site, day, rng)
    _tests(site, day, rng)
    _lines(site, day, rng)
    _ether(site, day, rng)
    _pictures(site, day, rng)
    _disks(site, day, rng)
    _firmware(site, day, rng)


def _some(rng: Random, rate: float) -> bool:
    return rng.random() < rate


def _anytime(rng: Random, day: Day) -> float:
    return rng.uniform(day.start, day.end)


def _working(rng: Random, day: Day) -> float:
    return rng.uniform(*day.opening) if day.opening else day.at(rng.uniform(8, 17))


def _long(rng: Random, shortest: float, longest: float) -> float:
    """Draw a duration in seconds: short ones are much more common than long ones."""
    return float(shortest * (longest / shortest) ** (rng.random() ** 1.6))


def _grid(site: Site, day: Day, rng: Random) -> None:
    stormy = site.sky(day).thunder
    feeds = [meter.feed for meter in site.meters if meter.feed != "ups"]
    factor = site.habits.mishap
    area = Random(f"{site.seed}/area/{site.place.region}/{day.date}")
    if _some(area, 0.05 if stormy else 0.003):
        start = day.start + area.uniform(0, 86000)
        end = start + _long(area, 20, 7200)
        for feed in feeds:
            site.spells.add(on.FEED_DEAD, start + rng.uniform(0, 1), end + rng.uniform(0, 2), feed)
    if _some(rng, (0.04 if stormy else 0.01) * factor):
        start = _anytime(rng, day)
        end = start + _long(rng, 4, 3600)
        for feed in feeds:
            site.spells.add(on.FEED_DEAD, start + rng.uniform(0, 0.5), end + rng.uniform(0, 0.5), feed)
    if _some(rng, site.habits.long_outages / 2):
        start = _anytime(rng, day)
        end = start + rng.uniform(2, 12) * 3600
        for feed in feeds:
            site.spells.add(on.FEED_DEAD, start + rng.uniform(0, 0.5), end + rng.uniform(0, 0.5), feed)
    if len(feeds) > 1 and _some(rng, 0.025 * factor):
        start = _anytime(rng, day)
        site.spells.add(on.FEED_DEAD, start, start + _long(rng, 30, 5400), rng.choice(feeds))
    for _ in range(3):
        if _some(rng, (0.4 if stormy else 0.06) * factor):
            start = _anytime(rng, day)
            level = site.place.mains * rng.uniform(0.5, 0.88)
            site.spells.add(on.SAG, start, start + _long(rng, 0.2, 40), rng.choice(feeds), level)


def _tests(site: Site, day: Day, rng: Random) -> None:
    habit = site.rng("tests")
    weekday, hour, every = habit.randint(1, 5), habit.uniform(7, 15), habit.choice((1, 2, 4))
    if site.generator and day.date.isoweekday() == weekday and day.date.isocalendar().week % every == 0:
        start = day.at(hour) + rng.uniform(-600, 900)
        site.spells.add(on.GENERATOR_TEST, start, start + rng.uniform(600, 2400))
    if site.ups and day.date.isoweekday() == habit.randint(1, 7) and _some(rng, 0.5):
        start = day.at(habit.uniform(0, 24)) + rng.uniform(0, 120)
        site.spells.add(on.UPS_TEST, start, start + rng.uniform(8, 60))


def _lines(site: Site, day: Day, rng: Random) -> None:
    factor = site.habits.mishap
    if _some(rng, 0.1 * factor):
        start = _anytime(rng, day)
        site.spells.add(on.WAN, start, start + _long(rng, 20, 1200))
    if _some(rng, 0.015 * factor):
        start = _anytime(rng, day)
        site.spells.add(on.WAN, start, start + rng.uniform(0.7, 9) * 3600)
    if _some(rng, site.habits.long_outages):
        start = _anytime(rng, day)
        site.spells.add(on.WAN, start, start + rng.uniform(9, 50) * 3600)
    everything = [*site.meters, *site.radios, *site.cameras, site.recorder, *site.paths]
    for device in everything:
        if _some(rng, 0.004 * factor):
            start = _anytime(rng, day)
            end = start + _long(rng, 60, 6 * 3600)
            site.spells.add(on.SILENT, start, end, device.name)
            site.reboots.append((end, device))


def _ether(site: Site, day: Day, rng: Random) -> None:
    habits = site.habits
    for _ in range(4):
        if _some(rng, habits.interference / 4):
            start = _working(rng, day) if rng.random() < 0.9 else _anytime(rng, day)
            site.spells.add(on.JAM, start, start + _long(rng, 5, 400), level=rng.uniform(5, 19))
    for radio in site.radios:
        if _some(rng, 0.0008 * habits.mishap):
            start = _anytime(rng, day)
            replaced = day.end + rng.uniform(2, 12) * 86400
            site.spells.add(on.BATTERY_LOW, start, replaced, radio.name)


def _pictures(site: Site, day: Day, rng: Random) -> None:
    factor = site.habits.mishap
    summer = 4 <= day.date.month <= 10
    for camera in site.cameras:
        name = camera.name
        if _some(rng, 0.012 * factor):
            start = _anytime(rng, day)
            site.spells.add(on.LOST, start, start + _long(rng, 10, 900), name)
        if _some(rng, 0.0015 * factor):
            start = _anytime(rng, day)
            site.spells.add(on.LOST, start, start + _long(rng, 2, 240) * 3600, name)
        if _some(rng, 0.006 * factor):
            start = _working(rng, day)
            site.spells.add(on.MOVED, start, start + _long(rng, 120, 5400), name)
        if _some(rng, 0.003 * factor):  # A pallet or a lorry stands in front of it.
            start = _working(rng, day)
            what = rng.choice((on.COVERED, on.BLURRED, on.MOVED))
            site.spells.add(what, start, start + _long(rng, 120, 7200), name)
        if camera.outdoor and summer and _some(rng, 0.01):
            start = _anytime(rng, day)
            site.spells.add(on.WEB, start, start + rng.uniform(1, 12) * 86400, name)
    if _some(rng, site.habits.switches):  # A network switch restarts or dies: several cameras at once.
        start = _anytime(rng, day)
        end = start + _long(rng, 60, 5400)
        for camera in rng.sample(site.cameras, max(2, len(site.cameras) // 2)):
            site.spells.add(on.LOST, start + rng.uniform(0, 4), end + rng.uniform(0, 60), camera.name)


def _disks(site: Site, day: Day, rng: Random) -> None:
    if _some(rng, 0.004 * site.habits.mishap):  # One fails at any hour; it is replaced a working day later.
        site.spells.add(on.DISKS, _anytime(rng, day), day.end + rng.uniform(8, 40) * 3600, level=1)
    if _some(rng, site.habits.pauses):
        start = _anytime(rng, day)
        site.spells.add(on.PAUSED, start, start + _long(rng, 30, 3600))
    if day.opening and _some(rng, 0.003):
        start = _working(rng, day)
        site.spells.add(on.DISKS, start, start + rng.uniform(3, 40) * 60, level=1)


def _firmware(site: Site, day: Day, rng: Random) -> None:
    if _some(rng, 0.012):
        restart(site, list(site.cameras), day.at(rng.uniform(1, 4)), rng)
    for device in (*site.cameras, *site.paths, *site.readers.values()):
        if _some(rng, 0.002):
            site.reboots.append((_anytime(rng, day), device))
        if device.skew and _some(rng, 0.02):  # Its clock is set right at last.
            device.skew = 0.0


def restart(site: Site, devices: list[Device], start: float, rng: Random) -> float:
    """Restart devices one after another (a firmware update); answer when the last one is back."""
    when = start
    for device in devices:
        back = when + rng.uniform(45, 240)
        site.spells.add(on.SILENT, when, back, device.name)
        site.reboots.append((back, device))
        when = back + rng.uniform(5, 60)
    return when
