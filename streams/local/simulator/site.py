"""A simulated warehouse: where it stands, what it has, how its people are used to doing things."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from streams.local.simulator.calendar import HOLIDAYS, QUARTER, Day, Shift, elevation, local
from streams.local.simulator.devices import Body, Camera, Device, Event, Meter, Radio, Recorder
from streams.local.simulator.habits import Habits, Hours
from streams.local.simulator.places import Place
from streams.local.simulator.spells import DESERTED, OVERTIME, Spells
from streams.local.simulator.stock import Order, Stock
from streams.local.simulator.weather import Sky, sky


@dataclass(eq=False)
class Site:
    """A warehouse and all that it remembers from one day to the next."""

    id: str
    seed: int
    place: Place
    habits: Habits
    meters: list[Meter]
    generator: Meter | None
    ups: Device | None
    panel: Device
    paths: list[Device]
    radios: list[Radio]
    cameras: list[Camera]
    recorder: Recorder
    readers: dict[str, Device]
    """RFID readers by read point: zones, docks and `STG`, the staging area."""
    handheld: Device
    encoder: Device
    gates: dict[str, Device]
    """Number-plate cameras by direction; often one for both."""
    docks: dict[str, Device]
    wms: Device
    stock: Stock
    carriers: dict[str, list[str]]
    """Plates that each carrier usually comes with."""
    users: list[str]
    approvers: list[str]
    extras: dict[str, Any]
    """Fields unknown to the contract that this site's gateway adds."""
    grip: dict[str, float] = field(default_factory=dict)
    """How well a read point reads, as a share of what is usual here."""
    spells: Spells = field(default_factory=Spells)
    orders: list[Order] = field(default_factory=list)
    """Orders not yet carried out."""
    pending: list[Event] = field(default_factory=list)
    """What is already decided but not yet reached."""
    reboots: list[tuple[float, Device]] = field(default_factory=list)
    routines: list[tuple[date, Hours]] = field(default_factory=list)
    """Other opening hours from a date on, the latest last."""
    closures: set[date] = field(default_factory=set)
    """Days off that are nobody else's."""
    bulletins: list[tuple[float, str, str, Body]] = field(default_factory=list)
    """Control records to come: arrival (Unix seconds), topic, key, value."""

    def rng(self, purpose: str, day: int = -1) -> Random:
        """Answer this site's own stream of randomness for a purpose (of a day)."""
        return Random(f"{self.seed}/{self.id}/{purpose}/{day}")

    def note(self, when: float, device: Device, body: Body) -> None:
        """Let a device see something at a moment (Unix seconds), now or on a later day."""
        self.pending.append((when, device, body))

    def signal(self, when: float, code: str, zone: str | None = None, user: str | None = None) -> None:
        """Let the panel send a SIA code."""
        body: Body = {"type": "alarm.signal", "code": code}
        if zone:
            body["zone"] = zone
        if user:
            body["user"] = user
        self.note(when, self.panel, body)

    def powered(self) -> list[Device]:
        """List the devices that hang on the UPS: they die with it."""
        lines = [path for path in self.paths if not path.outlives]
        return [*self.meters, *([self.ups] if self.ups else []), *self.cameras, self.recorder, *lines]

    def shift(self, day: date) -> Shift | None:
        """Answer when a date's own shift begins and ends, in Unix seconds, by habit."""
        usual = next((hours for since, hours in reversed(self.routines) if since <= day), self.habits.hours)
        hours = usual.get(day.isoweekday())
        if hours is None or day in self.closures or ((day.month, day.day) in HOLIDAYS and self.habits.keeps_holidays):
            return None
        return local(self.place.zone, day, hours[0]), local(self.place.zone, day, hours[1])

    def closed(self, start: float, end: float) -> bool:
        """Say whether nobody should be in the house in a whole span."""
        there = datetime.fromtimestamp(start, self.place.zone).date()
        shifts = [self.shift(there + timedelta(days=offset)) for offset in (-1, 0, 1)]
        return all(shift is None or shift[1] <= start or shift[0] >= end for shift in shifts)

    def desert(self, when: float) -> None:
        """Let nobody be in the house any more when thieves come."""
        self.spells.add(DESERTED, when - 900.0, when + 4 * 3600.0)

    def day(self, number: int, first: date) -> Day:
        """Lay out one local day: its bounds, shifts, bustle and light."""
        when = first + timedelta(days=number)
        zone = self.place.zone
        day = Day(number, when, local(zone, when), local(zone, when + timedelta(days=1)))
        day.opening = self.shift(when)
        shifts = [self.shift(when - timedelta(days=1)), day.opening]
        extra = [(spell.start, spell.end) for spell in self.spells.of(OVERTIME, day.start, day.end)]
        day.shifts = [shift for shift in shifts if shift and shift[1] > day.start] + extra
        weather = self.sky(day)
        quarters = int((day.end - day.start) // QUARTER)
        middles = [day.start + (quarter + 0.5) * QUARTER for quarter in range(quarters)]
        rng = self.rng("bustle", number)
        pace = rng.uniform(0.8, 1.15) * self.habits.season(when)
        day.activity = [self._bustle(day, middle, rng) * pace for middle in middles]
        shade = 1 - 0.75 * weather.cloud
        sun = [elevation(middle, self.place.latitude, self.place.longitude) for middle in middles]
        day.daylight = [min(1.0, max(0.0, (height + 5) / 30)) * shade for height in sun]
        return day

    def sky(self, day: Day) -> Sky:
        """Answer the region's weather of a day."""
        return sky(self.seed, self.place.region, self.place.latitude, day.date)

    def _bustle(self, day: Day, when: float, rng: Random) -> float:
        for begin, end in day.shifts:
            if begin <= when < end:
                warming = min(1.0, 0.4 + (when - begin) / 5400, 0.3 + (end - when) / 3600)
                lunch = 0.6 if 0.42 < (when - begin) / (end - begin) < 0.5 else 1.0
                return warming * lunch * rng.uniform(0.85, 1.1)
        return self.habits.idle * rng.uniform(0.9, 1.1)
