"""Draws whole sites: their devices and their stock."""

from math import inf
from random import Random
from typing import Any

from streams.local.simulator import habits
from streams.local.simulator.devices import Camera, Device, Meter, Radio, Recorder
from streams.local.simulator.places import CARRIERS, PLACES, Place, new_plate
from streams.local.simulator.rough import roughen
from streams.local.simulator.site import Site
from streams.local.simulator.stock import Stock

FEW, SELDOM = 4, 300.0
"""Devices of a kind that a sparse site keeps, and the least seconds between two of their reports."""
GRADE_3_S = 100.0
"""Within so long a radio detector of an alarm of grade 3 must be missed (EN 50131-5-3), s."""


def sites(seed: int, number: int, sparse: bool = False, first: int = 0) -> list[Site]:
    """Draw so many sites, from an index on; that of index 0, near Paris, is closed at night."""
    drawn = [site(seed, index) for index in range(first, first + number)]
    for one in drawn if sparse else ():
        _thin(one)
    return drawn


def _thin(site: Site) -> None:
    """Leave a site few devices that speak seldom: cheap to simulate for months."""
    del site.radios[FEW:], site.cameras[FEW:]
    generator = [site.generator] if site.generator else []
    for device in (*site.powered(), *site.paths, *site.radios, *generator):
        device.interval = max(device.interval, SELDOM)


def site(seed: int, index: int) -> Site:
    """Draw the site of an index, the same whatever the number of sites.

    That of index 0 is worth guarding: it has two feeds, a UPS and an alarm of grade 3.
    """
    rng = Random(f"{seed}/site/{index}")
    place = PLACES[index % len(PLACES)]
    name = place.name if index < len(PLACES) else f"{place.name}-{index // len(PLACES) + 1}"
    usual = habits.draw(rng, rota=0 if index == 0 else None)
    sender = _Sender(rng)
    panel = sender.device("panel-1", "alarm", outlives=rng.random() < 0.5)
    docks = [f"D{number:02d}" for number in range(1, rng.randint(3, 8) + 1)]
    zones = ["A", "B", "C", "D", "E", "CAGE"][-rng.randint(2, 6) :]
    handheld = sender.device("hh-1", "rfid")
    one_gate = sender.device("gate-1", "shipment")
    made = Site(
        id=name,
        seed=seed,
        place=place,
        habits=usual,
        **_power(sender, place, full=index == 0),
        panel=panel,
        paths=_paths(sender),
        radios=_radios(sender, guarded=index == 0),
        cameras=_cameras(sender),
        recorder=_recorder(sender),
        readers={point: sender.device(f"rdr-{point.lower()}", "rfid") for point in [*zones, *docks, "STG"]},
        handheld=handheld,
        encoder=sender.device("enc-1", "rfid"),
        gates={"in": one_gate, "out": one_gate}
        if rng.random() < 0.5
        else {way: sender.device(f"gate-{way}", "shipment") for way in ("in", "out")},
        docks={dock: sender.device(f"dock-{dock[1:]}", "shipment") for dock in docks},
        wms=sender.device("wms", "shipment", skew=0.0),
        stock=_stock(rng, zones, usual.per_carton),
        carriers={
            carrier: [new_plate(rng, place.plate) for _ in range(rng.randint(2, 9))]
            for carrier in rng.sample(CARRIERS, rng.randint(2, 5))
        },
        users=[f"u-{number}" for number in rng.sample(range(100, 999), rng.randint(2, 6))],
        approvers=[f"m-{number}" for number in rng.sample(range(10, 99), rng.randint(2, 5))],
        extras=rng.choice(({}, {}, {"gateway": "edge-2"}, {"tenant": "north"}, {"x": {"build": 41, "ok": True}})),
    )
    roughen(made, Random(f"{seed}/rough/{index}"))
    return made


class _Sender:
    """Gives a site's devices their clocks and counters."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.counts = rng.random() < 0.9
        self.clocks = rng.choice((0.0, 0.05, 0.2))

    def common(self, name: str, domain: str, interval: float = 0.0, **more: Any) -> dict[str, Any]:
        """Draw what every device has."""
        rng = self.rng
        off = rng.random() < self.clocks
        counts = self.counts and rng.random() < 0.95
        return {
            "name": name,
            "domain": domain,
            "interval": interval,
            "due": rng.uniform(0, interval),
            "skew": rng.choice((-1, 1)) * rng.expovariate(1 / 25) if off else 0.0,
            "drift": rng.uniform(-2, 2) if off else 0.0,
            "sequence": rng.choice((0, rng.randrange(10**4), rng.randrange(4 * 10**6))) if counts else None,
            "volatile": rng.random() < 0.5,
            **more,
        }

    def device(self, name: str, domain: str, interval: float = 0.0, **more: Any) -> Device:
        """Draw a device without particular traits."""
        return Device(**self.common(name, domain, interval, **more))


def _power(sender: _Sender, place: Place, full: bool) -> dict[str, Any]:
    rng = sender.rng
    interval = rng.choice((10.0, 30.0, 60.0, 60.0, 60.0, 120.0, 120.0, 180.0, 300.0))
    prompt = rng.random() < 0.7
    double = rng.random() < 0.8 or full
    shares = (rng.uniform(0.4, 0.7), 0.0) if double else (1.0, 0.0)
    feeds = {"grid-a": shares[0], "grid-b": 1 - shares[0]} if double else {"grid-a": 1.0}
    has_generator, has_ups = rng.random() < 0.45, rng.random() < 0.9 or full

    def meter(name: str, feed: str, share: float) -> Meter:
        volts = place.mains + rng.gauss(0, 2)
        has_load = rng.random() < 0.9
        common = sender.common(name, "power", interval, skew=0.0)
        return Meter(**common, feed=feed, share=share, volts=volts, prompt=prompt, has_load=has_load)

    meters = [meter(f"meter-{feed[-1]}", feed, share) for feed, share in feeds.items()]
    if has_ups and rng.random() < 0.6:
        meters.append(meter("meter-ups", "ups", rng.uniform(0.1, 0.3)))
    return {
        "meters": meters,
        "generator": meter("genset", "generator", 1.0) if has_generator else None,
        "ups": sender.device("ups-1", "power", rng.choice((20.0, 60.0, 180.0)), skew=0.0) if has_ups else None,
    }


def _paths(sender: _Sender) -> list[Device]:
    paths = [sender.device("path-ip", "alarm", sender.rng.choice((45.0, 60.0, 90.0, 180.0)), path="ip")]
    if sender.rng.random() < 0.7:
        every = sender.rng.choice((60.0, 180.0, 300.0))
        paths.append(sender.device("path-cell", "alarm", every, outlives=sender.rng.random() < 0.6, path="cellular"))
    return paths


def _radios(sender: _Sender, guarded: bool) -> list[Radio]:
    rng = sender.rng
    every = min(rng.choice((90.0, 180.0, 240.0, 300.0, 300.0, 600.0)), GRADE_3_S if guarded else inf)
    poor = rng.choice((0.005, 0.02, 0.06))
    terse = rng.random() < 0.1
    radios = []
    for number in range(1, rng.randint(6, 16) + 1):
        common = sender.common(f"{rng.choice(('pir', 'door', 'shock', 'glass'))}-{number:02d}", "alarm", every)
        loss = min(0.3, rng.expovariate(1 / poor))
        radios.append(Radio(**common, zone=f"Z{number}", rssi=rng.uniform(-88, -48), loss=loss, terse=terse))
    return radios


def _cameras(sender: _Sender) -> list[Camera]:
    rng = sender.rng
    every = rng.choice((45.0, 90.0, 120.0, 120.0, 180.0, 300.0))
    cameras = []
    for number in range(1, rng.randint(4, 10) + 1):
        cameras.append(
            Camera(
                **sender.common(f"cam-{number:02d}", "camera", every),
                outdoor=rng.random() < 0.4,
                fps=rng.choice((8.0, 12.0, 15.0, 25.0)),
                bitrate=rng.uniform(700, 4500),
                sharpness=rng.uniform(0.45, 0.85),
                lit=rng.uniform(0.35, 0.7),
                infrared=rng.uniform(0.12, 0.35),
                bustle=rng.uniform(0.03, 0.3),
            )
        )
    return cameras


def _recorder(sender: _Sender) -> Recorder:
    rng = sender.rng
    return Recorder(
        **sender.common("nvr-1", "camera", rng.choice((120.0, 300.0, 600.0, 900.0)), skew=0.0),
        disks=rng.choice((2, 4, 8, 12)),
        retention=rng.choice((14, 21, 30, 60)) * 86400.0,
        purge=rng.uniform(0.5, 4.5),
        tells_age=rng.random() < 0.85,
    )


def _stock(rng: Random, zones: list[str], per_carton: int) -> Stock:
    skus = rng.sample(range(100_000, 999_999), rng.randint(5, 40))
    stock = Stock(
        rng.randrange(10**6, 10**7),
        {zone: [] for zone in zones},
        skus,
        rng.randrange(10**6, 8 * 10**6),
        rng.randint(500, 1400),
    )
    for _ in range(stock.usual):
        stock.carton(rng, rng.choice(zones), per_carton)
    return stock
