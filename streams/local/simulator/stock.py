"""The goods in the house: tagged cartons, pallets and the orders that they leave with."""

from dataclasses import dataclass, field
from math import inf
from random import Random


@dataclass(slots=True, eq=False)
class Carton:
    """A carton of devices with its RFID label."""

    epc: str
    tid: str
    items: int
    zone: str


@dataclass(slots=True, eq=False)
class Pallet:
    """A pallet made up for an order."""

    sscc: str
    cartons: list[Carton]

    @property
    def items(self) -> int:
        """Devices on it."""
        return sum(carton.items for carton in self.cartons)


@dataclass(slots=True, eq=False)
class Order:
    """An outbound order; times are Unix seconds."""

    number: str
    start: float
    end: float
    carrier: str
    plate: str
    pallets: list[Pallet]
    price: float
    announced: float = inf
    """When the warehouse system told of it."""

    @property
    def items(self) -> int:
        """Devices ordered."""
        return sum(pallet.items for pallet in self.pallets)


@dataclass(slots=True, eq=False)
class Stock:
    """All cartons of a house by zone, and the numbers that it has given out so far."""

    company: int
    zones: dict[str, list[Carton]]
    skus: list[int]
    serial: int
    usual: int
    """Cartons that purchasing aims at."""
    booked: dict[str, int] = field(default_factory=dict)
    """What the books say a zone holds beyond (or short of) what is there."""

    def carton(self, rng: Random, zone: str, items: int) -> Carton:
        """Make a new carton in a zone."""
        carton = Carton(self.new_epc(rng), f"E280{rng.getrandbits(80):020X}", items, zone)
        self.zones[zone].append(carton)
        return carton

    def new_epc(self, rng: Random) -> str:
        """Give out the next serial number of some article."""
        self.serial += rng.choice((1, 1, 1, 2, 3))
        return f"urn:epc:id:sgtin:{self.company}.{rng.choice(self.skus)}.{self.serial}"

    def new_sscc(self, rng: Random) -> str:
        """Give out a pallet number."""
        return f"urn:epc:id:sscc:{self.company}.{rng.randrange(10**9, 10**10)}"

    def take(self, rng: Random, number: int) -> list[Carton]:
        """Take cartons out of stock; fewer when it runs out."""
        taken = []
        for _ in range(number):
            zones = [zone for zone, cartons in self.zones.items() if cartons]
            if not zones:
                break
            cartons = self.zones[rng.choice(zones)]
            index = rng.randrange(len(cartons))
            cartons[index], cartons[-1] = cartons[-1], cartons[index]
            taken.append(cartons.pop())
        return taken

    def __len__(self) -> int:
        return sum(map(len, self.zones.values()))
