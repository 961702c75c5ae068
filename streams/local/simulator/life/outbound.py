"""Goods leave: orders are planned, picked, staged, loaded and driven away, seldom exactly as planned."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day, Shift, stamp
from streams.local.simulator.devices import Body
from streams.local.simulator.places import misread, new_plate
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Carton, Order, Pallet


def live(site: Site, day: Day, tomorrow: Shift | None) -> None:
    """Carry out the orders whose windows begin today and plan those of the next shift (Unix seconds, None: closed)."""
    rng = site.rng("outbound", day.number)
    if day.number == 0 and day.opening:
        plan(site, day, day.opening, rng)
    today = [order for order in site.orders if order.start < day.end]
    site.orders = [order for order in site.orders if order.start >= day.end]
    if tomorrow:
        plan(site, day, tomorrow, rng)
    for order in today:
        carry_out(site, order, day.start, rng)


def plan(site: Site, day: Day, shift: Shift, rng: Random) -> None:
    """Plan the orders of a shift: mostly the evening before, some in the morning, a few minutes before."""
    habits = site.habits
    pace = habits.season(day.date) * (0.5 if shift[1] - shift[0] < 7 * 3600 else 1.0)
    pace *= max((rush.level for rush in site.spells.of(on.RUSH, *shift)), default=1.0)
    for _ in range(max(0, round(rng.gauss(habits.orders * pace, habits.orders * 0.25)))):
        order = new_order(site, shift, rng)
        if order is None:
            return
        site.orders.append(order)
        known = rng.random()
        if rng.random() < habits.late_orders:
            when = order.start + rng.uniform(0.2, 4) * 3600  # Booked when it is long on the road.
        elif known < 0.75:
            when = max(day.start, shift[0] - rng.uniform(2, 13) * 3600)
        elif known < 0.97:
            when = max(day.start, min(shift[0], order.start - rng.uniform(1, 6) * 3600))
        else:
            when = max(day.start, order.start - rng.uniform(10, 80) * 60)
        announce(site, order, max(when, day.start + rng.uniform(1, 600)), rng)


def new_order(site: Site, shift: Shift, rng: Random, pallets: int | None = None) -> Order | None:
    """Make an order out of what is in stock; None when there is not enough."""
    habits = site.habits
    start = rng.uniform(shift[0] + 1800, max(shift[0] + 3600, shift[1] - 5400)) // 900 * 900
    made = []
    for _ in range(pallets or rng.randint(*habits.pallets)):
        cartons = site.stock.take(rng, rng.randint(*habits.cartons))
        if not cartons:
            break
        made.append(Pallet(site.stock.new_sscc(rng), cartons))
    carrier = rng.choice(sorted(site.carriers))
    plate = rng.choice(site.carriers[carrier])
    if rng.random() < 0.01:
        site.carriers[carrier].append(new_plate(rng, site.place.plate))
    number = f"SO-{rng.randrange(10**6, 10**8)}"
    price = habits.price * rng.lognormvariate(0, 0.4)
    return Order(number, start, start + rng.choice((1800, 3600, 5400)), carrier, plate, made, price) if made else None


def announce(site: Site, order: Order, when: float, rng: Random, approved: int | None = None) -> None:
    """Let the warehouse system tell of an order."""
    order.announced = when
    people = approved or (2 if rng.random() < site.habits.dual else 1)
    plates = [order.plate]
    if rng.random() < 0.1:
        plates.append(rng.choice(site.carriers[order.carrier]))
    body: Body = {
        "type": "shipment.planned",
        "order": order.number,
        "window_start": stamp(order.start),
        "window_end": stamp(order.end),
        "carrier": order.carrier,
        "plates": plates,
        "ssccs": [pallet.sscc for pallet in order.pallets],
        "items": order.items,
        "value": round(order.items * order.price, 2),
        "approved_by": rng.sample(site.approvers, min(people, len(site.approvers))),
    }
    site.note(when, site.wms, body)


def carry_out(site: Site, order: Order, earliest: float, rng: Random) -> None:
    """Pick, stage and load an order and let its lorry drive off, or cancel it."""
    if rng.random() < 0.012:
        return  # Nobody came; the goods go back to where they were.
    early = max(order.start - rng.uniform(0.5, 4) * 3600, earliest + rng.uniform(0, 900))
    for pallet in order.pallets:
        when = early + rng.uniform(0, 1500)
        for carton in pallet.cartons:
            when += rng.expovariate(1 / 15)
            read(site, when, carton.zone, carton, "picking", rng)
        when = max(when, early + 1800) + rng.uniform(60, 900)
        for carton in pallet.cartons:
            when += rng.uniform(0.1, 2.5)
            read(site, when, "STG", carton, "staging_outbound", rng, pallet.sscc)
    came = order.start + rng.gauss(0, 1100) + (rng.random() < 0.06) * rng.uniform(-1.2, 3) * 3600
    came = max(came, early + 3600)
    plate = order.plate
    if rng.random() < site.habits.swaps:
        others = site.carriers[order.carrier]
        plate = rng.choice(others) if rng.random() < 0.7 else new_plate(rng, site.place.plate)
    gate(site, came, plate, "in", rng)
    dock = rng.choice(sorted(site.docks))
    when = came + rng.uniform(4, 25) * 60
    for pallet in order.pallets:
        when = load(site, when, dock, pallet, rng, order.number, plate)
    drive_off(site, when, order, plate, rng)


def load(site: Site, when: float, dock: str, pallet: Pallet, rng: Random, order: str | None, plate: str) -> float:
    """Take a pallet over a dock; answer when the next one can follow."""
    habits = site.habits
    for carton in pallet.cartons:
        when += rng.uniform(0.1, 1.5)
        read(site, when, dock, carton, "loading", rng, pallet.sscc)
    body: Body = {"type": "shipment.loaded", "dock": dock}
    if habits.tells_sscc or not habits.tells_items:
        body["sscc"] = pallet.sscc
    if habits.tells_items:
        body["items"] = pallet.items
    if habits.tells_plate:
        body["plate"] = plate
    if order and rng.random() >= habits.unordered:
        body["order"] = order
    site.note(when + rng.uniform(1, 30), site.docks[dock], body)
    return when + rng.uniform(45, 200)


def drive_off(site: Site, when: float, order: Order, plate: str, rng: Random) -> None:
    """Close the doors, book the departure (with small mistakes) and pass the gate."""
    when += rng.uniform(2, 15) * 60
    if site.habits.tells_departure:
        wrong = rng.random() < 0.015
        lost = rng.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 1)) * rng.randint(1, 3)
        body: Body = {
            "type": "shipment.departed",
            "plate": plate,
            "pallets": max(1, len(order.pallets) + wrong * rng.choice((-1, 1))),
            "items": max(0, order.items - lost),
        }
        if rng.random() >= 0.03:
            body["order"] = order.number
        if rng.random() < 0.8:
            body["seal"] = f"S{rng.randrange(10**6, 10**7)}"
        site.note(when, site.wms, body)
    gate(site, when + rng.uniform(1, 12) * 60, plate, "out", rng)


def gate(site: Site, when: float, plate: str, way: str, rng: Random) -> None:
    """Pass the gate's camera, which misses some and misreads others."""
    if rng.random() < 0.015:
        return
    likelihood = min(0.999, max(0.2, rng.gauss(site.habits.likelihood, 0.03)))
    if rng.random() < 0.03:
        plate, likelihood = misread(rng, plate), rng.uniform(0.3, 0.82)
    elif rng.random() < 0.03:
        likelihood = rng.uniform(0.4, 0.8)
    body: Body = {"type": "shipment.gate", "plate": plate, "direction": way, "likelihood": round(likelihood, 3)}
    site.note(when, site.gates[way], body)


def read(site: Site, when: float, point: str, carton: Carton, step: str, rng: Random, sscc: str | None = None) -> None:
    """Read a carton's tag at a read point, or miss it."""
    habits = site.habits
    if rng.random() > habits.read_rate * (1 if step == "cycle_counting" else site.grip.get(point, 1)):
        return
    body: Body = {"type": "rfid.read", "epc": carton.epc, "biz_step": step, "read_point": point}
    if rng.random() < habits.tells_tid:
        body["tid"] = carton.tid
    if sscc and habits.tells_sscc and rng.random() < 0.97:
        body["sscc"] = sscc
    if habits.authenticates:
        body["authenticated"] = rng.random() > 0.003
    if habits.tells_rssi:
        body["rssi"] = round(rng.gauss(-57, 5), 1)
    reader = site.handheld if step == "cycle_counting" else site.readers[point]
    site.note(when, reader, body)
    if rng.random() < 0.02:  # Seen twice by the same door.
        site.note(when + rng.uniform(0.2, 20), reader, dict(body))
