"""Goods arrive, are counted and relabelled; lorries and visitors come and go for other reasons."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.devices import Body
from streams.local.simulator.life.outbound import gate, read
from streams.local.simulator.places import new_plate
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Carton


def live(site: Site, day: Day) -> None:
    """Plan a day's arrivals, visitors, stray reads, relabelling and counts."""
    rng = site.rng("indoors", day.number)
    if day.opening is None:
        if rng.random() < 0.1:
            _visitor(site, day.at(rng.uniform(7, 20)), rng)
        return
    begin, end = day.opening
    _shrink(site, day, rng)
    rush = max((spell.level for spell in site.spells.of(on.RUSH, day.start, day.end + 86400)), default=1.0)
    lorries = max(1, round(site.habits.inbound * rush * rng.uniform(0.5, 1.5)))
    short = max(0, round(site.stock.usual * rush**0.5) - len(site.stock))
    for _ in range(lorries):
        deliver(site, rng.uniform(begin + 900, end - 3600), round(short / lorries * rng.uniform(0.7, 1.1)), rng)
    for _ in range(rng.randint(0, 5)):
        _visitor(site, rng.uniform(begin, end), rng)
    for _ in range(round(rng.expovariate(1 / site.habits.relabels))):
        _relabel(site, rng.uniform(begin + 1800, end - 3600), rng)
    for _ in range(rng.randint(0, 6)):
        _stray(site, rng.uniform(begin, end), rng)
    if rng.random() < 0.5:
        _empties(site, rng.uniform(begin, end), rng)
    if day.date.isoweekday() in site.habits.counting_weekdays:
        count(site, rng.uniform(begin + 3600, end - 3600), rng)


def _shrink(site: Site, day: Day, rng: Random) -> None:
    """Let cartons go missing of which no book knows."""
    for spell in site.spells.of(on.SHRINK, day.start, day.end):
        for carton in site.stock.take(rng, round(spell.level * rng.uniform(0.5, 1.5))):
            site.stock.booked[carton.zone] = site.stock.booked.get(carton.zone, 0) + 1


def deliver(site: Site, when: float, number: int, rng: Random) -> None:
    """Unload a lorry: new cartons through a dock into zones."""
    habits = site.habits
    plate = (
        new_plate(rng, site.place.plate) if rng.random() < 0.5 else rng.choice(site.carriers[sorted(site.carriers)[0]])
    )
    gate(site, when, plate, "in", rng)
    dock = rng.choice(sorted(site.docks))
    for _ in range(number):
        zone = rng.choice(sorted(site.stock.zones))
        carton = site.stock.carton(rng, zone, habits.per_carton)
        when += rng.uniform(1, 9)
        if rng.random() < 0.3:
            read(site, when, dock, carton, "storing", rng)
        read(site, when + rng.uniform(300, 2400), zone, carton, "storing", rng)
    gate(site, when + rng.uniform(300, 2400), plate, "out", rng)


def _visitor(site: Site, when: float, rng: Random) -> None:
    plate = new_plate(rng, site.place.plate)
    gate(site, when, plate, "in", rng)
    gate(site, when + rng.uniform(5, 200) * 60, plate, "out", rng)


def _relabel(site: Site, when: float, rng: Random) -> None:
    """Give damaged or returned cartons new labels, a handful at a time."""
    user = rng.choice(site.users)
    for carton in _some(site, rng.choice((1, 1, 2, 3, 8, 20)), rng):
        encode(site, when, carton, site.stock.new_epc(rng), user, rng)
        when += rng.uniform(15, 120)


def encode(site: Site, when: float, carton: Carton, epc: str, user: str, rng: Random) -> None:
    """Rewrite a carton's label."""
    body = {"type": "rfid.encode", "epc": epc, "tid": carton.tid, "user": user, "biz_step": "encoding"}
    if rng.random() < 0.9:
        body["previous_epc"] = carton.epc
    carton.epc = epc
    site.note(when, site.encoder, body)
    if rng.random() < 0.01:  # The first print smeared.
        site.note(when + rng.uniform(5, 30), site.encoder, dict(body))


def _some(site: Site, number: int, rng: Random) -> list[Carton]:
    cartons = [carton for zone in site.stock.zones.values() for carton in zone]
    return rng.sample(cartons, min(number, len(cartons)))


def _stray(site: Site, when: float, rng: Random) -> None:
    """Let a door read a carton that only passes by on a forklift."""
    point = rng.choice(["STG", *sorted(site.docks)])
    step = "staging_outbound" if point == "STG" else "loading"
    for carton in _some(site, rng.randint(1, 3), rng):
        read(site, when, point, carton, step, rng)


def _empties(site: Site, when: float, rng: Random) -> None:
    """Load empty pallets for their owner, without an order."""
    plate = rng.choice(site.carriers[rng.choice(sorted(site.carriers))])
    gate(site, when, plate, "in", rng)
    dock = rng.choice(sorted(site.docks))
    for _ in range(rng.randint(1, 4)):
        when += rng.uniform(60, 300)
        body: Body = {"type": "shipment.loaded", "dock": dock}
        if rng.random() < 0.5:
            body |= {"items": 0}
        site.note(when, site.docks[dock], body)
    gate(site, when + rng.uniform(5, 40) * 60, plate, "out", rng)


def count(site: Site, when: float, rng: Random, share: float = 0.05) -> None:
    """Count the zones: read a sample of the cartons and compare with the books, which are corrected later, if ever."""
    stock = site.stock
    for zone, cartons in sorted(stock.zones.items()):
        for carton in rng.sample(cartons, min(len(cartons), 4 + round(share * len(cartons)))):
            when += rng.uniform(0.5, 9)
            read(site, when, zone, carton, "cycle_counting", rng)
        if rng.random() < 0.12:
            stock.booked[zone] = stock.booked.get(zone, 0) + rng.choice((-3, -1, -1, 1, 1, 2, 5))
        missed = rng.choice((0, 0, 0, 0, 0, 0, 1, 2))
        if rng.random() < site.habits.miscounts:
            missed = round(len(cartons) * rng.uniform(-0.1, 0.2))
        counted = max(0, len(cartons) - missed)
        expected = max(0, len(cartons) + stock.booked.get(zone, 0))
        body = {"type": "rfid.count", "zone": zone, "counted": counted, "expected": expected}
        when += rng.uniform(30, 600)
        site.note(when, site.handheld, body)
        if rng.random() < site.habits.corrects:
            stock.booked[zone] = 0
