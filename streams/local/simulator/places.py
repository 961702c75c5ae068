"""Where simulated sites stand, how lorries are registered there, and who drives them."""

from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Place(NamedTuple):
    """A town with a warehouse; places of one region share weather and grid."""

    name: str
    region: str
    timezone: str
    latitude: float
    longitude: float
    plate: str
    """Pattern of a registration: A a letter, 0 a digit, anything else itself."""
    mains: float = 230.0
    hertz: float = 50.0

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)


PLACES = (
    Place("FR-95-ROISSY", "paris", "Europe/Paris", 49.00, 2.52, "AA-000-AA"),
    Place("GB-LEI-MAGNA", "midlands", "Europe/London", 52.56, -1.19, "AA00 AAA"),
    Place("DE-HE-LANGEN", "rhein-main", "Europe/Berlin", 49.99, 8.67, "F-AA 0000"),
    Place("FR-77-MITRY", "paris", "Europe/Paris", 48.98, 2.62, "AA-000-AA"),
    Place("PL-MZ-BLONIE", "mazowsze", "Europe/Warsaw", 52.20, 20.62, "WZ 0000A"),
    Place("ES-M-GETAFE", "madrid", "Europe/Madrid", 40.31, -3.72, "0000 AAA"),
    Place("US-NJ-EDISON", "new-jersey", "America/New_York", 40.52, -74.37, "AAA 0000", 120.0, 60.0),
    Place("SE-AB-ROSERSBERG", "stockholm", "Europe/Stockholm", 59.57, 17.86, "AAA 000"),
    Place("IT-MI-SEGRATE", "milano", "Europe/Rome", 45.49, 9.30, "AA 000 AA"),
    Place("GB-NTH-CRICK", "midlands", "Europe/London", 52.35, -1.14, "AA00 AAA"),
    Place("PT-11-ALVERCA", "lisboa", "Europe/Lisbon", 38.89, -9.04, "AA-00-AA"),
    Place("NL-NB-TILBURG", "brabant", "Europe/Amsterdam", 51.57, 5.06, "00-AAA-0"),
    Place("AU-NSW-ERSKINE", "sydney", "Australia/Sydney", -33.81, 150.80, "AAA-00A"),
    Place("US-CA-ONTARIO", "inland-empire", "America/Los_Angeles", 34.05, -117.61, "0AAA000", 120.0, 60.0),
    Place("FR-94-RUNGIS", "paris", "Europe/Paris", 48.75, 2.35, "AA-000-AA"),
    Place("IE-D-BALLYCOOLIN", "dublin", "Europe/Dublin", 53.41, -6.35, "000-D-0000"),
)
CARRIERS = (
    "Nordwind Cargo", "Transports Lefort", "Blue Heron Haulage", "Tramontana Log", "Vistula Trans", "Orchard Freight",
    "Albatros Road", "Meridian Parcel", "Castor & Fils", "Greenline Carriers", "Pallas Spedition", "Saltmarsh Lines",
)  # fmt: skip
LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
LOOKALIKE = {
    "0": "O",
    "O": "0",
    "1": "I",
    "I": "1",
    "8": "B",
    "B": "8",
    "5": "S",
    "S": "5",
    "2": "Z",
    "Z": "2",
    "6": "G",
}


def new_plate(rng: Random, pattern: str) -> str:
    """Draw a registration of a country's pattern."""
    swap = {"A": LETTERS, "0": "0123456789"}
    return "".join(rng.choice(swap[letter]) if letter in swap else letter for letter in pattern)


def misread(rng: Random, plate: str) -> str:
    """Change one character as a number-plate camera does: mostly into one that looks like it."""
    index = rng.choice([position for position, letter in enumerate(plate) if letter.isalnum()])
    alike = LOOKALIKE.get(plate[index])
    other = alike if alike and rng.random() < 0.8 else rng.choice("ABCDEFGHJKLMNPRSTVWXYZ0123456789")
    return plate[:index] + other + plate[index + 1 :]
