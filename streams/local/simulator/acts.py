"""What thieves do, one act each: it is planned at a site from a moment on; answers the stage with its first sign.

All moments are Unix seconds.
"""

from random import Random
from typing import NamedTuple

from streams.local.simulator import spells as on
from streams.local.simulator.devices import Device
from streams.local.simulator.life.indoors import encode
from streams.local.simulator.life.outbound import announce, load, new_order
from streams.local.simulator.places import LETTERS, new_plate
from streams.local.simulator.scenarios.base import Stage
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Order, Pallet

MINUTE = 60.0


class Trip(NamedTuple):
    """A lorry at a dock: when the first pallet goes over it, and when the lorry is off the premises."""

    first: float
    gone: float


def cut(site: Site, start: float, back: float, rng: Random) -> Stage:
    """Cut every feed, one after another, and keep the generator from starting."""
    feeds = [meter.feed for meter in site.meters if meter.feed != "ups"]
    for number, feed in enumerate(feeds):
        site.spells.add(on.FEED_DEAD, start + number * rng.uniform(0, 40), back, feed)
    site.spells.add(on.GENERATOR_FAILS, start - 1, back)
    return Stage(start, "power", "supply cut")


def shed(site: Site, start: float, end: float, share: float) -> Stage:
    """Switch a circuit off: a share of the house's load is gone."""
    site.spells.add(on.LOAD_SHED, start, end, level=share)
    return Stage(start, "power", "a circuit switched off")


def jam(site: Site, start: float, end: float, rng: Random) -> Stage:
    """Jam the radio without a pause."""
    site.spells.add(on.JAM, start, end, level=rng.uniform(28, 45))
    return Stage(start, "alarm", "radio jammed")


def jam_in_bursts(site: Site, start: float, end: float, rng: Random) -> Stage:
    """Jam in bursts that are shorter than a panel's own threshold."""
    when = start
    while when < end:
        burst = rng.uniform(7, 19)
        site.spells.add(on.JAM, when, when + burst, level=rng.uniform(25, 40))
        when += burst + rng.uniform(6, 25)
    return Stage(start, "alarm", "radio jammed in bursts")


def disarm(site: Site, when: float, user: str | None) -> Stage:
    """Disarm with somebody's code."""
    site.signal(when, "OP", user=user)
    return Stage(when, "alarm", "disarmed")


def hush(site: Site, devices: list[Device], start: float, end: float, stage: Stage, rng: Random) -> Stage:
    """Cut devices off, one after another within a minute or two."""
    for device in devices:
        site.spells.add(on.SILENT, start, end, device.name)
        site.reboots.append((end, device))
        start += rng.uniform(0, 40)
    return stage


def blind(site: Site, start: float, over: float, repaired: float, rng: Random, share: float = 1.0) -> Stage:
    """Cut, cover or dazzle cameras one after another; cut ones stay so until they are repaired."""
    when = start
    for camera in rng.sample(site.cameras, max(2, round(len(site.cameras) * share))):
        what = rng.choice((on.LOST, on.LOST, on.LOST, on.DAZZLED, on.COVERED))
        site.spells.add(what, when, repaired if what == on.LOST else over, camera.name)
        when += rng.uniform(10, 110)
    return Stage(start, "camera", "cameras blinded")


def freeze(site: Site, start: float, end: float, rng: Random, share: float = 1.0) -> Stage:
    """Feed the recorder stills or short loops instead of what the cameras see."""
    frames = rng.choice((1, 1, 4, 9))
    for camera in rng.sample(site.cameras, max(2, round(len(site.cameras) * share))):
        site.spells.add(on.FROZEN, start + rng.uniform(0, 120), end, camera.name, level=frames)
    return Stage(start, "camera", "cameras show a still" if frames == 1 else "cameras show a loop")


def turn(site: Site, start: float, end: float, rng: Random, share: float = 0.6) -> Stage:
    """Turn cameras to the wall."""
    when = start
    for camera in rng.sample(site.cameras, max(1, round(len(site.cameras) * share))):
        site.spells.add(on.MOVED, when, end, camera.name)
        when += rng.uniform(10, 150)
    return Stage(start, "camera", "cameras turned")


def pull_disks(site: Site, start: float, repaired: float, rng: Random) -> Stage:
    """Take the recorder's disks along."""
    missing = rng.choice((site.recorder.disks, max(1, site.recorder.disks - 1)))
    site.spells.add(on.DISKS, start, repaired, level=missing)
    return Stage(start, "camera", "recorder's disks pulled")


def wipe(site: Site, start: float, rng: Random) -> Stage:
    """Delete all footage."""
    recorder = site.recorder
    site.spells.add(on.FORGET, start, start + recorder.retention)
    if not recorder.tells_age or rng.random() < 0.7:
        body = {"type": "camera.event", "topic": "RecordingHistory/DeleteTrackData", "state": True}
        site.note(start + rng.uniform(0, 5), recorder, body)
    return Stage(start, "camera", "footage deleted")


def cover(site: Site, start: float, rng: Random, known: float = 0.7) -> Order:
    """Find a planned order to hide behind, or slip one in that one person has approved."""
    planned = [order for order in site.orders if order.announced < start < order.start]
    if planned and rng.random() < known:
        return rng.choice(planned)
    return slip_in(site, start, rng, rng.randint(2, 4))


def slip_in(site: Site, start: float, rng: Random, pallets: int, ahead: float | None = None) -> Order:
    """Insert an order that one person approves, `ahead` seconds before it is carried out."""
    order = new_order(site, (start, start + 5 * 3600), rng, pallets=pallets)
    if order is None:
        raise ValueError(f"{site.id} has no goods left to steal; choose an earlier day")
    announce(site, order, start - (rng.uniform(15, 120) * MINUTE if ahead is None else ahead), rng, approved=1)
    return order


def steal(site: Site, number: int, rng: Random, cartons: int = 5) -> list[Pallet]:
    """Make up pallets that no order asks for."""
    return [Pallet(site.stock.new_sscc(rng), site.stock.take(rng, cartons)) for _ in range(number)]


def relabel(
    site: Site, start: float, pallets: list[Pallet], order: Order | None, rng: Random, pace: float = 7.0
) -> Stage:
    """Rewrite the labels of pallets' cartons, to numbers of the order or to new ones, every `pace` seconds."""
    user = rng.choice(site.users)
    cloned = order is not None and rng.random() < 0.5
    genuine = [carton.epc for pallet in order.pallets for carton in pallet.cartons] if order else []
    when = start
    for number, pallet in enumerate(pallets):
        for carton in pallet.cartons:
            epc = genuine[rng.randrange(len(genuine))] if cloned else site.stock.new_epc(rng)
            encode(site, when, carton, epc, user, rng)
            when += pace * rng.uniform(0.4, 1.6)
        if order and rng.random() < 0.7:
            pallet.sscc = order.pallets[number % len(order.pallets)].sscc
    return Stage(start, "rfid", "labels rewritten")


def carry_off(
    site: Site, start: float, pallets: list[Pallet], plate: str, rng: Random, order: Order | None = None,
    booked: float = 0.4, pace: float = 115.0,
) -> Trip:  # fmt: skip
    """Load a lorry, a pallet at least every `pace` seconds, and drive off; `booked` is how likely it is booked."""
    sharp = {"type": "shipment.gate", "plate": plate, "likelihood": round(rng.uniform(0.9, 0.99), 3)}
    site.note(start - rng.uniform(3, 10) * MINUTE, site.gates["in"], sharp | {"direction": "in"})
    dock = rng.choice(sorted(site.docks))
    number = order.number if order else None
    when = start
    for pallet in pallets:
        ready = load(site, when, dock, pallet, rng, number, plate)
        when = min(ready, when + pace)
    gone = when + rng.uniform(2, 6) * min(MINUTE, pace / 2)
    if rng.random() < booked:
        body = {"type": "shipment.departed", "plate": plate, "pallets": len(pallets)} | (
            {"order": number} if number else {}
        )
        site.note(gone - 60, site.wms, body | {"items": sum(pallet.items for pallet in pallets)})
    site.note(gone, site.gates["out"], sharp | {"direction": "out"})
    return Trip(start, gone)


def forge(plate: str, rng: Random) -> str:
    """Copy a registered plate or change one of its letters or digits."""
    if rng.random() < 0.3:
        return plate
    index = rng.choice([position for position, letter in enumerate(plate) if letter.isalnum()])
    pool = "0123456789" if plate[index].isdigit() else LETTERS
    return plate[:index] + rng.choice(pool.replace(plate[index], "")) + plate[index + 1 :]


def unknown(site: Site, rng: Random) -> str:
    """Make up a plate that no carrier has."""
    return new_plate(rng, site.place.plate)
