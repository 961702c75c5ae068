"""What the goods ledger is made of: orders, visits of lorries, loadings, pallets passing a door, and their names."""

from collections.abc import Container, Iterable, Sequence
from typing import Any
from zlib import crc32

from mypy_extensions import mypyc_attr

from detectors.state import Part

VISIT_S = 45 * 60.0
"""Two pallets over a dock this far apart are no longer the same loading, s."""

ROUND_S = 6 * 3600.0
"""When an order's goods have left for so long, what is loaded for it is counted anew, s: it is said to come again."""

EARLY_S = 3600.0
"""So long before its window an order may be taken, s; a lorry that leaves before has taken another."""

SKEW_S = 330.0
"""How far apart the clocks of a door's reader and a dock's terminal may be, s."""

DEPARTED_S = 36 * 3600.0
ABANDONED_S = 10 * 86400.0
"""How long after its window an order that has left, or has not, is still remembered in full, s."""

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LOOKALIKES = ("0OQD", "1IL", "2Z", "5S", "8B", "6G", "VY", "MN", "EF", "CG")
"""Characters that cameras confuse even when they are sure."""


def plain(plate: str) -> str:
    """Write a plate as it is compared: upper case, letters and digits only."""
    return "".join(filter(str.isalnum, plate)).upper()


def label(epc: str) -> int:
    """Shorten an EPC, a pallet's SSCC or an order's name; two differ in all but one case in 4·10⁹."""
    return crc32(epc.encode())


def chip(tid: str) -> int:
    """Shorten a TID; two differ in all but one case in 4·10⁹."""
    return crc32(tid.upper().encode())


def product(epc: str) -> str:
    """Leave out an EPC's serial number: company and article remain."""
    return epc.rpartition(".")[0]


@mypyc_attr(allow_interpreted_subclasses=True)
class Order(Part):
    """An order as it stands, what of it has gone over the docks and how many items have left.

    Its pallets are known by the fingerprints of their SSCCs.
    """

    __slots__ = (
        "carrier",
        "changed",
        "departed",
        "end",
        "items",
        "known",
        "last",
        "loaded",
        "pallets",
        "plates",
        "ssccs",
        "start",
        "taken",
    )

    def __init__(self, known: float = 0.0) -> None:
        self.known = known
        self.loaded = self.taken = self.items = 0
        self.pallets: list[int] = []
        self.ssccs: list[int] = []
        self.last = self.departed = self.changed = self.start = self.end = 0.0
        self.plates: list[str] = []
        self.carrier = ""

    def update(self, event: Any, at: float) -> None:
        """Take the order as it was booked last, at Unix seconds `at`."""
        plates = [plain(plate) for plate in event.plates]
        if plates != self.plates and self.end:
            self.changed = at
        self.plates = plates
        self.start, self.end = event.window_start.timestamp(), event.window_end.timestamp()
        self.ssccs = [label(sscc) for sscc in event.ssccs]
        self.items, self.carrier = event.items, event.carrier

    def another_round(self, at: float) -> bool:
        """Whether all that was loaded has long left, so that a pallet now is the first of its own."""
        return bool(self.departed) and at - max(self.departed, self.last) > ROUND_S

    def counted(self, sscc: int | None, at: float) -> int:
        """Tell how many of its pallets go over a dock, with this one that does at `at`."""
        return 1 if self.another_round(at) else self.loaded + (sscc is None or sscc not in self.pallets)

    def load(self, sscc: int | None, at: float) -> None:
        """Take a pallet over a dock; the same one again is not another."""
        if self.another_round(at):
            self.loaded, self.taken, self.pallets = 0, 0, []
        if sscc not in self.pallets:
            self.loaded += 1
            self.last = at
            if sscc is not None:
                self.pallets.append(sscc)

    def with_those_gone(self, items: int) -> int:
        """Add to what leaves now what has left before; where nothing was loaded since, it is told of again."""
        return self.taken + items if self.last > self.departed else max(self.taken, items)

    def asks(self, items: int, at: float) -> bool:
        """Whether a lorry that leaves at `at` with so many items has just what is asked for, and about when."""
        return at > self.start - EARLY_S and abs(items - self.items) <= 0.02 * self.items

    def passed(self, at: float) -> bool:
        """Whether nothing more is to be expected of it: long departed, or never carried out."""
        return at - self.end > (DEPARTED_S if self.departed else ABANDONED_S) and at - self.known > DEPARTED_S


class Visit(Part):
    """A plate's history at the site; a time of 0 is never."""

    __slots__ = ("departed", "entered", "left", "loaded", "registered", "visits")

    def __init__(self) -> None:
        self.departed = 0.0
        self.entered = 0.0
        self.loaded = 0.0
        self.left = 0.0
        self.registered = 0.0
        self.visits = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Loading(Part):
    """What goes over one dock in one go; empties are not counted among its pallets."""

    __slots__ = ("began", "last", "order", "pallets", "plate", "unordered")

    def __init__(self, at: float, order: str, plate: str) -> None:
        self.began = at
        self.last = at
        self.order = order
        self.plate = plate
        self.pallets = 0
        self.unordered = 0

    def goes_on(self, event: Any, at: float, empty: bool) -> bool:
        """Whether this pallet belongs to the same loading; goods that come after empties are another lorry's."""
        if abs(at - self.last) > VISIT_S or not (self.pallets or empty):
            return False
        plate = plain(event.plate) if event.plate else ""
        return (event.order or self.order or "") == (self.order or event.order or "") and (plate or self.plate) == (
            self.plate or plate
        )


@mypyc_attr(allow_interpreted_subclasses=True)
class Passing(Part):
    """A pallet's tags as a reader sees them go by."""

    __slots__ = ("last", "renamed", "rewritten", "sscc", "tags")

    def __init__(self, sscc: str, at: float) -> None:
        self.sscc = sscc
        self.last = at
        self.tags = 0
        self.renamed = 0
        self.rewritten = 0


def cap(table: dict[Any, Any], most: int) -> None:
    """Drop a table's oldest entries beyond so many."""
    while len(table) > most:
        del table[next(iter(table))]


def masks(plate: str) -> list[str]:
    """Write a plate once for each of its characters with that one hidden: plates one character apart share a mask."""
    return [f"{plate[:n]}?{plate[n + 1 :]}" for n in range(len(plate))]


def neighbours(plate: str, plates: Container[str]) -> list[str]:
    """Find those of `plates` that differ from this one in a single character."""
    variants = (f"{plate[:n]}{c}{plate[n + 1 :]}" for n in range(len(plate)) for c in CHARACTERS if c != plate[n])
    return [other for other in variants if other in plates]


def near(plate: str, others: Iterable[str]) -> str | None:
    """Find the first of `others` that differs from `plate` in one character at the most."""
    return next((other for other in others if differing(plate, other) <= 1), None)


def differing(a: Sequence[str], b: Sequence[str]) -> int:
    """Count the places in which two plates differ; 99 when their lengths do."""
    return sum(x != y for x, y in zip(a, b, strict=True)) if len(a) == len(b) else 99


def alike(a: str, b: str) -> bool:
    """Whether two plates of the same length differ only in characters that look alike."""
    return all(x == y or any(x in group and y in group for group in LOOKALIKES) for x, y in zip(a, b, strict=True))
