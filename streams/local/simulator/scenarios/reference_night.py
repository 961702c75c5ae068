"""The reference night: power, alarm, cameras, labels, and thirty pallets in three lorries, all within three hours."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.life.indoors import encode
from streams.local.simulator.life.outbound import announce, load, new_order
from streams.local.simulator.places import LETTERS
from streams.local.simulator.scenarios.base import Label, Scenario, Stage
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Order, Pallet

BATCHES, PALLETS, DEVICES = 3, 30, 50_000
MINUTE = 60.0


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Cut, jam, blind, wipe, relabel and drive off, from `start` on."""
    over = start + 178 * MINUTE
    stages = [*_dark(site, start, over, rng), *_blind(site, start, over, rng)]
    order = _cover(site, day, start, rng)
    pallets = _relabel(site, start + rng.uniform(20, 28) * MINUTE, order, rng)
    stages.append(Stage(pallets[0], "rfid", "labels rewritten"))
    last = start
    for number in range(BATCHES):
        loading = start + (48 + 42 * number + rng.uniform(-4, 6)) * MINUTE
        first, last = _batch(site, loading, pallets[1][number::BATCHES], order, rng)
        stages.append(Stage(first, "shipment", f"lorry {number + 1} is loaded"))
    return Label(start, last, stages, aftermath=last + 14 * 3600)


def _dark(site: Site, start: float, over: float, rng: Random) -> list[Stage]:
    back = over + rng.uniform(1, 5) * 3600
    feeds = [meter.feed for meter in site.meters if meter.feed != "ups"]
    for number, feed in enumerate(feeds):
        site.spells.add(on.FEED_DEAD, start + number * rng.uniform(0, 40), back, feed)
    site.spells.add(on.GENERATOR_FAILS, start - 1, back)
    jammed = start + rng.uniform(1, 7) * MINUTE
    site.spells.add(on.JAM, jammed, over + rng.uniform(-5, 10) * MINUTE, level=rng.uniform(28, 45))
    return [Stage(start, "power", "supply cut"), Stage(jammed, "alarm", "radio jammed")]


def _blind(site: Site, start: float, over: float, rng: Random) -> list[Stage]:
    repaired = over + rng.uniform(5, 9) * 3600
    when = blinded = start + rng.uniform(3, 11) * MINUTE
    for camera in rng.sample(site.cameras, max(2, round(len(site.cameras) * rng.uniform(0.7, 1)))):
        what = rng.choice((on.LOST, on.LOST, on.LOST, on.DAZZLED, on.COVERED))
        site.spells.add(what, when, repaired if what == on.LOST else over, camera.name)
        when += rng.uniform(10, 110)
    pulled = start + rng.uniform(12, 24) * MINUTE
    missing = rng.choice((site.recorder.disks, max(1, site.recorder.disks - 1)))
    site.spells.add(on.DISKS, pulled, repaired, level=missing)
    return [Stage(blinded, "camera", "cameras blinded"), Stage(pulled, "camera", "recorder's disks pulled")]


def _cover(site: Site, day: Day, start: float, rng: Random) -> Order:
    """Find a planned order of tomorrow to hide behind, or slip one in."""
    planned = [order for order in site.orders if order.announced < start < order.start]
    if planned and rng.random() < 0.7:
        return rng.choice(planned)
    order = new_order(site, (start, start + 5 * 3600), rng, pallets=rng.randint(2, 4))
    if order is None:
        raise ValueError(f"{site.id} has no goods left to steal; choose an earlier day")
    announce(site, order, start - rng.uniform(15, 120) * MINUTE, rng, approved=1)
    return order


def _relabel(site: Site, start: float, order: Order, rng: Random) -> tuple[float, list[Pallet]]:
    """Rewrite the labels of the pallets' cartons to the order's numbers; answer the first moment and the pallets."""
    user = rng.choice(site.users)
    cloned = rng.random() < 0.5
    genuine = [carton.epc for pallet in order.pallets for carton in pallet.cartons]
    pallets, when = [], start
    for number in range(PALLETS):
        cartons = site.stock.take(rng, 5)
        for carton in cartons:
            carton.items = round(DEVICES / PALLETS / 5 * rng.uniform(0.95, 1.05))
            epc = genuine[rng.randrange(len(genuine))] if cloned else site.stock.new_epc(rng)
            encode(site, when, carton, epc, user, rng)
            when += rng.uniform(3, 11)
        sscc = order.pallets[number % len(order.pallets)].sscc
        pallets.append(Pallet(sscc if rng.random() < 0.7 else site.stock.new_sscc(rng), cartons))
    return start, pallets


def _batch(site: Site, start: float, pallets: list[Pallet], order: Order, rng: Random) -> tuple[float, float]:
    """Load ten pallets on a lorry with forged plates; answer when the first goes over the dock and when it is gone."""
    plate = _forge(order.plate, rng)
    sharp = {"type": "shipment.gate", "plate": plate, "likelihood": round(rng.uniform(0.9, 0.99), 3)}
    site.note(start - rng.uniform(3, 10) * MINUTE, site.gates["in"], sharp | {"direction": "in"})
    dock = rng.choice(sorted(site.docks))
    when = start
    for pallet in pallets:
        ready = load(site, when, dock, pallet, rng, order.number, plate)
        when = min(ready, when + 115)
    gone = when + rng.uniform(2, 6) * MINUTE
    if rng.random() < 0.4:
        body = {"type": "shipment.departed", "plate": plate, "pallets": len(pallets), "order": order.number}
        site.note(gone - 60, site.wms, body | {"items": sum(pallet.items for pallet in pallets)})
    site.note(gone, site.gates["out"], sharp | {"direction": "out"})
    return start, gone


def _forge(plate: str, rng: Random) -> str:
    """Copy a registered plate or change one of its letters or digits."""
    if rng.random() < 0.3:
        return plate
    index = rng.choice([position for position, letter in enumerate(plate) if letter.isalnum()])
    pool = "0123456789" if plate[index].isdigit() else LETTERS
    return plate[:index] + rng.choice(pool.replace(plate[index], "")) + plate[index + 1 :]


def _when(day: Day, rng: Random) -> float:
    return day.end - 3600 + rng.uniform(0, 120)


def _fits(site: Site, day: Day) -> bool:
    return site.closed(day.end - 5400, day.end + 2.5 * 3600)


SCENARIO = Scenario(
    "reference-night",
    "both feeds cut, radio jammed, cameras and recorder gone, labels rewritten, 30 pallets leave in three lorries",
    "attack",
    True,
    _when,
    play,
    _fits,
    "it must be closed from 22:30 to 02:30",
)
