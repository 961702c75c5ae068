"""The memory of tags: which label each chip last carried, over months, in eight bytes a tag.

Pairs of fingerprints are appended to generations of fixed size; the oldest generation goes when there are too many. A
pair that is read again while it lies among the oldest is written anew, so that goods which stay are remembered and
goods which left are not. Sealed generations never change: a snapshot of them stays the same, byte for byte.
"""

from array import array

from detectors.state import Part

GENERATION = 512
"""Pairs in a generation."""
MOST_GENERATIONS = 12
OLD_GENERATIONS = 3
"""Among the oldest so many generations a pair that is still read is written anew."""
SLOTS = 1 << 14
"""Size of the hash tables: a power of two, more than twice the pairs."""


class Tags(Part):
    """Chips and labels by their 32-bit fingerprints, each found by the other.

    Examples
    --------
    >>> tags = Tags()
    >>> tags.pair(7, 100)
    >>> tags.label(7), tags.chip(100), tags.label(8)
    (100, 7, None)
    >>> tags.pair(7, 200)
    >>> tags.label(7)
    200
    """

    __slots__ = ("_by_chip", "_by_label", "chips", "labels")

    _by_chip: "array[int]"
    _by_label: "array[int]"

    def __init__(self) -> None:
        self.chips: list[array[int]] = [array("I")]
        self.labels: list[array[int]] = [array("I")]

    def __len__(self) -> int:
        return sum(map(len, self.chips))

    def label(self, chip: int) -> int | None:
        """Return the label that this chip last carried."""
        slot = _slot(self._tables()[0], self.chips, chip)
        return None if slot < 0 else self.labels[slot // GENERATION][slot % GENERATION]

    def chip(self, label: int) -> int | None:
        """Return the chip that last came to carry this label."""
        slot = _slot(self._tables()[1], self.labels, label)
        return None if slot < 0 else self.chips[slot // GENERATION][slot % GENERATION]

    def pair(self, chip: int, label: int) -> None:
        """Remember that this chip carries this label."""
        by_chip, by_label = self._tables()
        slot = _slot(by_chip, self.chips, chip)
        if slot >= 0 and self.labels[slot // GENERATION][slot % GENERATION] == label:
            crowded = len(self.chips) > MOST_GENERATIONS - OLD_GENERATIONS
            if not crowded or slot >= OLD_GENERATIONS * GENERATION:
                return
        if len(self.chips[-1]) == GENERATION:
            self._open()
            by_chip, by_label = self._tables()
        self.chips[-1].append(chip)
        self.labels[-1].append(label)
        last = (len(self.chips) - 1) * GENERATION + len(self.chips[-1]) - 1
        _enter(by_chip, self.chips, chip, last)
        _enter(by_label, self.labels, label, last)

    def _open(self) -> None:
        self.chips.append(array("I"))
        self.labels.append(array("I"))
        if len(self.chips) > MOST_GENERATIONS:
            del self.chips[0], self.labels[0]
            self._index()

    def _tables(self) -> "tuple[array[int], array[int]]":
        try:
            return self._by_chip, self._by_label
        except AttributeError:  # Fresh, or from a snapshot.
            self._index()
            return self._by_chip, self._by_label

    def _index(self) -> None:
        self._by_chip, self._by_label = _table(self.chips), _table(self.labels)


def _table(generations: "list[array[int]]") -> "array[int]":
    table = array("H", bytes(2 * SLOTS))
    for number, generation in enumerate(generations):
        for offset, key in enumerate(generation):
            _enter(table, generations, key, number * GENERATION + offset)
    return table


def _enter(table: "array[int]", generations: "list[array[int]]", key: int, slot: int) -> None:
    """Let `key` be found at `slot` (open addressing; 0 is empty, else a slot plus one)."""
    place = key & (SLOTS - 1)
    while entry := table[place]:
        if generations[(entry - 1) // GENERATION][(entry - 1) % GENERATION] == key:
            break
        place = (place + 1) & (SLOTS - 1)
    table[place] = slot + 1


def _slot(table: "array[int]", generations: "list[array[int]]", key: int) -> int:
    place = key & (SLOTS - 1)
    while entry := table[place]:
        if generations[(entry - 1) // GENERATION][(entry - 1) % GENERATION] == key:
            return entry - 1
        place = (place + 1) & (SLOTS - 1)
    return -1
