"""Work at hours at which nobody should be there: call-outs, night deliveries, an order that could not wait."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.life.indoors import deliver
from streams.local.simulator.life.outbound import announce, carry_out, new_order
from streams.local.simulator.site import Site


def live(site: Site, day: Day) -> None:
    """Plan what happens outside of today's shifts."""
    rng = site.rng("oddly", day.number)
    habits = site.habits
    if day.date.isoweekday() in habits.night_drops and rng.random() < 0.9:
        start = day.at(habits.drop_hour) + rng.gauss(0, 900)
        _open(site, start, start + rng.uniform(0.4, 0.8) * 3600, rng)
        deliver(site, start + 300, rng.randint(10, 60), rng)
    if rng.random() < habits.odd:
        _call_out(site, day.at(rng.uniform(0, 24)), rng)


def _call_out(site: Site, start: float, rng: Random) -> None:
    end = start + rng.uniform(0.3, 4) * 3600
    if not site.closed(start, end):
        return
    _open(site, start, end, rng)
    match rng.randrange(3):
        case 0:
            order = new_order(site, (start, start + 3 * 3600), rng, pallets=rng.randint(1, 3))
            if order:
                order.start, order.end = start + 1800, start + 5400
                announce(site, order, start - rng.uniform(-0.5, 3) * 3600, rng)
                carry_out(site, order, start, rng)
        case 1:
            deliver(site, start + 600, rng.randint(5, 40), rng)


def _open(site: Site, start: float, end: float, rng: Random) -> None:
    """Let somebody disarm, be there and arm again; now and then they forget the one or the other."""
    user = rng.choice(site.users)
    site.spells.add(on.OVERTIME, start, end)
    if rng.random() < 0.95:
        site.signal(start, "OP", user=user)
    else:
        site.signal(start, "BA", rng.choice(site.radios).zone)
        site.signal(start + rng.uniform(30, 200), "OP", user=user)
    site.signal(end + rng.uniform(-300, 600), "CL", user=user)
