"""A core that counts: deterministic, and so sensitive to loss, repetition and order that each shows in its digest."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from streams.incidents.census import Census
from streams.incidents.model import Finding, Output
from streams.incidents.stats import Stats
from streams.telemetry.control import Control
from streams.telemetry.decode import Arrival


class Counted(msgspec.Struct):
    clock: float = float("-inf")
    events: int = 0
    digest: bytes = b""


class CountingCore:
    """Counts a site's objects and chains a digest over the slices that they came in."""

    def __init__(self, every: int = 100) -> None:
        self.every = every
        self.stats = Stats()
        self.clock = float("-inf")
        self.counted: dict[str, Counted] = {}
        self.controls: list[Control] = []
        self.dirty: set[str] = set()

    def advance(
        self, clock: float, arrivals: list[Arrival], controls: list[Control], complete: bool = True
    ) -> list[Output]:
        self.clock = max(self.clock, clock)
        self.controls += controls
        by_site: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            by_site.setdefault(arrival.event.site, []).append(arrival)
        outputs: list[Output] = []
        for site, events in sorted(by_site.items()):
            state = self.counted.setdefault(site, Counted())
            for number in self._learn(state, clock, events):
                outputs.append(Output(clock, "finding", finding(site, number, state)))
            self.dirty.add(site)
        return outputs

    def _learn(self, state: Counted, clock: float, events: list[Arrival]) -> list[int]:
        before = state.events // self.every
        state.clock = max(state.clock, clock)
        state.events += len(events)
        parts = sorted(f"{time} {rank} {event.device} {event.sequence}" for time, rank, event in events)
        state.digest = blake2b(state.digest + f"{clock}\n{parts}".encode(), digest_size=16).digest()
        return [number * self.every for number in range(before + 1, state.events // self.every + 1)]

    def due(self) -> float:
        return float("inf")

    def sites(self) -> Iterable[str]:
        return list(self.counted)

    def freeze(self, site: str) -> bytes:
        return msgspec.msgpack.encode(self.counted[site])

    def thaw(self, site: str, blob: bytes) -> None:
        self.counted[site] = msgspec.msgpack.decode(blob, type=Counted)

    def reset(self, site: str, device: str) -> None:
        self.counted[site] = Counted()

    def census(self) -> Census:
        return Census(Counter(), Counter(), 0, 0, {}, {}, {}, {})

    def seed(self, site: str, blob: bytes) -> None:
        return None

    def take_dirty(self) -> set[str]:
        dirty, self.dirty = self.dirty, set()
        return dirty


def finding(site: str, number: int, state: Counted) -> Finding:
    return Finding(
        id=f"{site}-{number}",
        site=site,
        device="counter",
        domain="power",
        detector="counting",
        time=datetime.fromtimestamp(max(state.clock, 0), UTC),
        score=0.0,
        summary=f"{number} objects",
        evidence={"events": state.events, "digest": state.digest.hex()},
    )
