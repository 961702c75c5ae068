"""How one site differs from the next: hours, rates and bad habits, drawn once."""

from dataclasses import dataclass, field
from datetime import date
from math import exp
from random import Random
from typing import Any

Hours = dict[int, tuple[float, float]]


def weekly(days: str, begin: float, end: float) -> Hours:
    """Answer the same hours for some ISO weekdays, in minutes after midnight; an end beyond 1440 is tomorrow."""
    return {int(day): (begin * 60, end * 60) for day in days}


ROTAS: tuple[Hours, ...] = (
    weekly("12345", 6, 20) | weekly("6", 7, 13),
    weekly("12345", 8, 18),
    weekly("123456", 5, 22),
    weekly("12345", 6, 18),
    weekly("1234", 6, 22) | weekly("5", 6, 16),
    weekly("12345", 14, 26),
    weekly("1234567", 4, 21),
    weekly("12345", 7, 19) | weekly("67", 9, 15),
    weekly("1234567", 0, 24),
)


@dataclass(slots=True)
class Habits:
    """Rates are per day where nothing else is said; shares are 0–1."""

    hours: Hours
    keeps_holidays: bool
    idle: float
    """Bustle when nobody is there, 0–1."""
    peak: float
    """How much busier the weeks before Christmas are."""
    base_load: float
    work_load: float
    climate_load: float
    """W: standing load, with everybody at work, and for 10 °C away from 18 °C."""
    battery: float
    """Seconds that the UPS lasts."""
    mains_delay: float
    """Seconds until the panel reports mains trouble."""
    noise_floor: float
    interference: float
    flaps: float
    """Times a day that the panel's line fails for some minutes."""
    cleaning: bool
    test_hour: float
    test_weekday: int
    """ISO weekday of the panel's test signal; 0 is daily."""
    false_alarms: float
    mishap: float
    """Factor on everything that breaks."""
    orders: float
    inbound: float
    pallets: tuple[int, int]
    cartons: tuple[int, int]
    per_carton: int
    """Devices in a carton."""
    price: float
    """EUR of a device."""
    read_rate: float
    authenticates: bool
    tells_sscc: bool
    tells_rssi: bool
    tells_tid: float
    """Share of reads that carry the chip's id."""
    tells_items: bool
    tells_plate: bool
    tells_departure: bool
    late_orders: float
    """Share of orders that are booked during or after loading."""
    unordered: float
    """Share of pallets loaded without naming their order."""
    swaps: float
    """Share of orders that come on another lorry than announced."""
    dual: float
    """Share of orders that two people approve."""
    relabels: float
    counting_weekdays: tuple[int, ...]
    likelihood: float
    spoils: float
    duplicates: float
    hides: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Optional fields that are never told here, by type."""
    odd: float = 0.0
    """Call-outs when nobody should be there."""
    night_drops: tuple[int, ...] = ()
    """ISO weekdays on which a haulier with a key delivers at `drop_hour`, by night."""
    drop_hour: float = 3.0
    misdeclared: float = 0.0
    """Minutes by which the declared hours are wrong."""
    corrects: float = 0.6
    """Share of counts after which the books are corrected."""
    miscounts: float = 0.0
    """Share of counts that are far off."""
    long_outages: float = 0.0
    switches: float = 0.006
    """How often a network switch fails."""
    pauses: float = 0.0
    """How often the recorder pauses."""
    spool: float = 1.0
    """By how much the gateway's batches are longer than elsewhere."""

    def season(self, day: date) -> float:
        """Answer how much busier than usual a date is."""
        from_rush = abs((day - date(day.year, 12, 10)).days)
        return 1 + self.peak * exp(-((from_rush / 16) ** 2))


def draw(rng: Random, rota: int | None = None) -> Habits:
    """Draw a site's habits; `rota` picks its opening hours from `ROTAS`."""
    hours = ROTAS[rng.randrange(len(ROTAS)) if rota is None else rota]
    late = rng.uniform(-0.5, 0.75) * 60 if len(hours) < 7 else 0.0
    hours = {day: (begin + round(late / 15) * 15, end + round(late / 15) * 15) for day, (begin, end) in hours.items()}
    size = rng.choice((0.5, 0.8, 1.0, 1.4, 2.0))
    return Habits(
        hours=hours, keeps_holidays=rng.random() < 0.8, idle=rng.uniform(0.0, 0.04), peak=rng.uniform(0, 0.6),
        base_load=rng.uniform(4e3, 2e4) * size, work_load=rng.uniform(1e4, 6e4) * size,
        climate_load=rng.uniform(0, 8e3) * size, battery=rng.uniform(1200, 4 * 3600),
        mains_delay=rng.choice((5.0, 10.0, 60.0, 300.0)), noise_floor=rng.uniform(-110, -95),
        interference=rng.choice((0.02, 0.1, 0.5, 2.0)), flaps=rng.choice((0.02, 0.1, 0.4, 1.0)),
        cleaning=rng.random() < 0.4, **_people(rng), **_goods(rng, size),
        spoils=rng.choice((0.0, 1e-5, 5e-5)), duplicates=rng.choice((0.0, 0.001, 0.004, 0.02)),
    )  # fmt: skip


def _people(rng: Random) -> dict[str, Any]:
    return {
        "test_hour": rng.uniform(0, 24),
        "test_weekday": rng.choice((0, 1, 2, 3, 4, 5)),
        "false_alarms": rng.choice((0.0, 0.03, 0.1)),
        "mishap": rng.choice((0.4, 0.8, 1.0, 2.0)),
        "relabels": rng.choice((0.1, 0.5, 1.5)),
        "counting_weekdays": rng.choice(((1, 3), (5,), (1, 2, 3, 4, 5), (2, 4))),
    }


def _goods(rng: Random, size: float) -> dict[str, Any]:
    fewest = rng.randint(1, 3)
    return {
        "orders": rng.uniform(4, 10) * size,
        "inbound": rng.uniform(1, 3) * size,
        "pallets": (fewest, fewest + rng.randint(1, 5)),
        "cartons": (4, rng.randint(6, 10)),
        "per_carton": rng.choice((1, 4, 10, 24, 60, 120, 200)),
        "price": rng.uniform(20, 700),
        "read_rate": rng.uniform(0.86, 0.997),
        "authenticates": rng.random() < 0.6,
        "tells_sscc": rng.random() < 0.75,
        "tells_rssi": rng.random() < 0.5,
        "tells_tid": rng.choice((0.6, 0.95, 1.0, 1.0)),
        "tells_items": rng.random() < 0.6,
        "tells_plate": rng.random() < 0.7,
        "tells_departure": rng.random() < 0.85,
        "late_orders": rng.choice((0.0, 0.01, 0.04)),
        "unordered": rng.choice((0.005, 0.02, 0.08)),
        "swaps": rng.choice((0.01, 0.03, 0.06)),
        "dual": rng.choice((0.2, 0.6, 0.95)),
        "likelihood": rng.uniform(0.85, 0.97),
    }
