"""The real core with a ledger beside it: what of every device was learnt, in the very state that the snapshots carry.

Sites whose name begins with `BULK` are only entered into the ledger: they are the mass that faults have to move.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from streams.incidents.model import Finding, Output
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.telemetry.control import Control
from streams.telemetry.decode import Arrival

BULK = "BULK"
EVERY = 500
"""Objects of a site after which it says how many it has learnt."""
COUNTER = "counting"
Seen = dict[str, list[int]]
"""By device: how many objects, and the sum of their digests modulo 2⁶⁴, which knows no order but every repetition."""


def digest(sequence: int | None, milliseconds: int) -> int:
    """Tell one object of a device from its others."""
    return int.from_bytes(blake2b(b"%d %d" % (sequence or 0, milliseconds), digest_size=8).digest(), "little")


def enter(seen: Seen, device: str, sequence: int | None, milliseconds: int) -> None:
    """Enter an object."""
    entry = seen.setdefault(device, [0, 0])
    entry[0] += 1
    entry[1] = (entry[1] + digest(sequence, milliseconds)) % (1 << 64)


class Page(msgspec.Struct):
    """A site's row: its ledger, and the real core's state of it."""

    seen: Seen
    state: bytes


def read(blob: bytes) -> Page:
    """Read the row of a site."""
    return msgspec.msgpack.decode(blob, type=Page)


class Ledger(Shard):
    """The core of the workers under fault."""

    def __init__(self) -> None:
        super().__init__(Registry())
        self.ledger: dict[str, Seen] = {}
        self._entered: set[str] = set()

    def advance(
        self, clock: float, arrivals: list[Arrival], controls: list[Control], complete: bool = True
    ) -> list[Output]:
        groups: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            groups.setdefault(arrival.event.site, []).append(arrival)
        told = [output for site, group in sorted(groups.items()) for output in self._enter(site, group, clock)]
        self._entered |= groups.keys()
        real = [arrival for arrival in arrivals if not arrival.event.site.startswith(BULK)]
        return told + super().advance(clock, real, controls, complete)

    def sites(self) -> Iterable[str]:
        return self.ledger.keys() | set(super().sites())

    def take_dirty(self) -> set[str]:
        entered, self._entered = self._entered, set()
        return entered | super().take_dirty()

    def freeze(self, site: str) -> bytes:
        state = super().freeze(site) if self.watch(site) else b""
        return msgspec.msgpack.encode(Page(self.ledger.get(site, {}), state))

    def thaw(self, site: str, blob: bytes) -> None:
        page = read(blob)
        self.ledger[site] = page.seen
        if page.state:
            super().thaw(site, page.state)

    def _enter(self, site: str, group: list[Arrival], clock: float) -> Iterable[Output]:
        seen = self.ledger.setdefault(site, {})
        before = count(seen)
        for _, _, event in group:
            enter(seen, event.device, event.sequence, round(event.time.timestamp() * 1000))
        after = count(seen)
        if before // EVERY != after // EVERY:
            yield Output(clock, "finding", _counted(site, after, clock))


def count(seen: Mapping[str, list[int]]) -> int:
    """Count a site's objects."""
    return sum(entry[0] for entry in seen.values())


def _counted(site: str, number: int, clock: float) -> Finding:
    return Finding(
        id=f"{site}-{number}",
        site=site,
        device=COUNTER,
        domain="power",
        detector=COUNTER,
        time=datetime.fromtimestamp(clock, UTC),
        score=0.0,
        summary=f"{number} objects.",
        evidence={"events": number},
    )
