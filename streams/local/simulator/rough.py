"""How rough a place is: what is never told there, what comes late or wrong. Drawn once for each site."""

from random import Random

from streams.local.simulator.devices import Device
from streams.local.simulator.site import Site

HIDDEN = {
    "power.reading": {"load": 0.04},
    "power.status": {"input_voltage": 0.2, "battery_charge": 0.12, "battery_runtime": 0.25, "transfer_reason": 0.3},
    "alarm.heartbeat": {"rssi": 0.15, "noise_floor": 0.25, "packet_loss": 0.2},
    "alarm.signal": {"user": 0.15, "zone": 0.12},
    "recorder.status": {"oldest_footage": 0.1},
    "rfid.read": {"tid": 0.1, "sscc": 0.12, "authenticated": 0.1, "rssi": 0.1},
    "rfid.encode": {"previous_epc": 0.25, "user": 0.2},
    "shipment.planned": {"plates": 0.08, "ssccs": 0.15, "approved_by": 0.08},
    "shipment.loaded": {"order": 0.06, "plate": 0.15, "items": 0.15, "sscc": 0.1},
    "shipment.departed": {"order": 0.12, "seal": 0.3},
}
"""Optional fields, and the share of sites that never tell them."""


def roughen(site: Site, rng: Random) -> None:
    """Make a site as untidy as its draw says: every fifth is neat, every fifth a mess."""
    level = rng.choice((0.0, 0.5, 1.0, 1.0, 2.0))
    _rename(site, rng)
    _wind(site, rng, level)
    site.habits.hides = {
        kind: tuple(name for name, share in fields.items() if rng.random() < share * (0.5 + level / 2))
        for kind, fields in HIDDEN.items()
    }
    _goods(site, rng, level)
    _people(site, rng, level)
    _things(site, rng, level)


def everything(site: Site) -> list[Device]:
    """List all devices, each once."""
    generator = [site.generator] if site.generator else []
    rest = [site.recorder, site.handheld, site.encoder, site.panel, site.wms, *site.readers.values()]
    listed = [*site.powered(), *generator, *site.radios, *site.paths, *rest, *site.gates.values(), *site.docks.values()]
    return list(dict.fromkeys(listed))


def _rename(site: Site, rng: Random) -> None:
    """Name the devices as another vendor would."""
    style = rng.randrange(7)
    for number, device in enumerate(everything(site), 2):
        match style:
            case 0:
                device.name = device.name.replace("-", "_").upper()
            case 1:
                device.name = f"{device.name.split('-')[0].upper()}-00408C{rng.getrandbits(24):06X}"
            case 2:
                device.name = f"10.{40 + len(site.id)}.{number // 200}.{number % 200 + 1}"
            case 3:
                device.name = f"{site.id.lower()}/{device.domain}/{device.name}"
            case _:
                return


def _wind(site: Site, rng: Random, level: float) -> None:
    """Draw other rhythms for some kinds of devices, and clocks that are minutes wrong."""
    if rng.random() < 0.02:
        rng.choice(site.meters).interval = rng.choice((1.0, 5.0))
    if rng.random() < 0.1:
        _each(list(site.meters), rng.choice((600.0, 900.0)))
    if rng.random() < 0.1:
        _each(list(site.cameras), rng.choice((20.0, 600.0, 900.0)))
    if rng.random() < 0.1:
        _each(list(site.radios), rng.choice((45.0, 600.0, 900.0)))
    if rng.random() < 0.1:
        _each(site.paths, rng.choice((10.0, 25.0, 600.0)))
    for device in everything(site):
        if rng.random() < 0.03 * level and device.domain != "power" and device is not site.wms:
            device.skew, device.drift = rng.uniform(-300, 300), rng.uniform(-2, 2)


def _each(devices: list[Device], interval: float) -> None:
    for device in devices:
        device.interval = interval
        device.due %= interval


def _goods(site: Site, rng: Random, level: float) -> None:
    habits = site.habits
    if level >= 2:
        habits.read_rate = rng.uniform(0.55, 0.9)
    site.grip = {point: rng.choice((1.0, 1.0, rng.uniform(1 - 0.25 * level, 1))) for point in sorted(site.readers)}
    habits.late_orders += level * rng.choice((0.0, 0.02, 0.1))
    habits.unordered += level * rng.choice((0.0, 0.02, 0.08))
    habits.swaps += level * rng.choice((0.0, 0.02, 0.05))
    habits.relabels *= 1 + level * rng.choice((0.0, 0.5, 1.5))
    habits.corrects = rng.choice((0.9, 0.6, 0.6, 0.2))
    habits.miscounts = level * rng.choice((0.0, 0.05, 0.2))


def _people(site: Site, rng: Random, level: float) -> None:
    habits = site.habits
    habits.odd = level * rng.choice((0.0, 0.005, 0.02, 0.05))
    habits.night_drops = tuple(rng.sample(range(1, 8), rng.randint(1, 3))) if rng.random() < 0.12 * level else ()
    habits.drop_hour = rng.uniform(0.5, 5)
    habits.false_alarms += level * rng.choice((0.0, 0.0, 0.05))
    habits.misdeclared = rng.choice((-2, -1, 1, 2)) * 60.0 if rng.random() < 0.1 * level else 0.0


def _things(site: Site, rng: Random, level: float) -> None:
    habits = site.habits
    habits.long_outages = level * rng.choice((0.0, 0.002, 0.006))
    habits.switches = 0.006 * habits.mishap * (1 + level * rng.choice((0, 1, 4)))
    habits.pauses = level * rng.choice((0.0, 0.004, 0.02))
    habits.interference *= 1 + level * rng.choice((0, 0, 1, 3))
    habits.spool = rng.choice((1.0, 1.0, 1.0, 5.0, 15.0)) if level >= 1 else 1.0
    habits.spoils *= 1 + level * rng.choice((0, 2, 20))
    habits.duplicates *= 1 + level
