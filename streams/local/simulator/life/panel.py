"""What people and the alarm panel do: arming, disarming, tests, false alarms, technicians."""

from math import inf
from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.site import Site


def live(site: Site, day: Day) -> None:
    """Plan the panel's signals of a day."""
    rng = site.rng("panel", day.number)
    habits = site.habits
    around_the_clock = len(habits.hours) == 7 and all(end - begin >= 1440 for begin, end in habits.hours.values())
    if day.opening and not around_the_clock:
        _open_and_close(site, day, rng)
    elif not around_the_clock and rng.random() < 0.04:
        _visit(site, day, rng)
    if habits.test_weekday in (0, day.date.isoweekday()):
        site.signal(day.at(habits.test_hour) + rng.uniform(-90, 90), "RP")
    for _ in range(_often(rng, habits.flaps)):
        when = day.start + rng.uniform(0, 86000)
        site.signal(when, "YC")
        site.signal(when + rng.uniform(20, 900), "YK")
    if rng.random() < habits.false_alarms:
        _false_alarm(site, day, rng)
    if day.opening and rng.random() < 0.02 * habits.mishap:
        _technician(site, day, rng)


def _often(rng: Random, rate: float) -> int:
    """Draw how often something of a daily rate happens today."""
    return sum(rng.random() < rate / 4 for _ in range(4))


def _open_and_close(site: Site, day: Day, rng: Random) -> None:
    assert day.opening is not None
    begin, end = day.opening
    opened = begin - rng.uniform(2, 35) * 60 + (rng.random() < 0.03) * rng.uniform(-70, 40) * 60
    busy_until = max(
        [end, *(when for when, device, _ in site.pending if device is site.gates["out"] and when < end + 7200)]
    )
    closed = busy_until + rng.uniform(3, 50) * 60
    if rng.random() < 0.03:
        closed += rng.uniform(0.5, 2.5) * 3600
    deserted = min((spell.start for spell in site.spells.of(on.DESERTED, end, end + 8 * 3600)), default=inf)
    closed = min(closed, deserted)
    site.signal(opened, "OP", user=rng.choice(site.users))
    if rng.random() < 0.015:  # Nobody armed it; the panel does it by itself.
        site.signal(closed + 2 * 3600, "CL")
        return
    site.signal(closed, "CL", user=rng.choice(site.users))
    if site.habits.cleaning and rng.random() < 0.8:
        cleaner = site.users[0]
        came = closed + rng.uniform(10, 90) * 60
        gone = came + rng.uniform(40, 110) * 60
        if gone <= deserted:
            site.signal(came, "OP", user=cleaner)
            site.signal(gone, "CL", user=cleaner)


def _visit(site: Site, day: Day, rng: Random) -> None:
    """Let somebody look in on a closed day."""
    came = day.at(rng.uniform(8, 16))
    user = rng.choice(site.users)
    site.signal(came, "OP", user=user)
    site.signal(came + rng.uniform(10, 150) * 60, "CL", user=user)


def _false_alarm(site: Site, day: Day, rng: Random) -> None:
    """Let a cleaner, an early bird or a forklift set it off; somebody resets it."""
    if day.opening:
        when = rng.choice((day.opening[0] - rng.uniform(1, 30) * 60, day.opening[1] + rng.uniform(5, 100) * 60))
    else:
        when = day.at(rng.uniform(0, 23.9))
    zone = rng.choice(site.radios).zone
    site.signal(when, "BA", zone)
    site.signal(when + rng.uniform(1, 25) * 60, "BR", zone)


def _technician(site: Site, day: Day, rng: Random) -> None:
    assert day.opening is not None
    when = rng.uniform(*day.opening)
    zone = rng.choice(site.radios).zone
    site.signal(when, "TA", zone)
    site.signal(when + rng.uniform(2, 40) * 60, "TR", zone)
    if rng.random() < 0.5:
        site.signal(when + rng.uniform(1, 5) * 60, "BA", zone)
        site.signal(when + rng.uniform(6, 30) * 60, "BR", zone)
