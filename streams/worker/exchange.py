"""How the lanes of a played recording keep step: none goes on before it knows what the others' sites have told.

A fact takes effect some seconds after it was noticed. Live that is time enough, and the cut of each tick says which
facts the lane had. A recording runs as fast as it can, each partition at its own pace, and its player knows no facts;
so each lane promises up to which moment all its facts are told, and takes no slice that might ask for more. Lanes of
one process see each other's promises at once, those of other workers as marks on `tocsin.facts`.
"""

from collections.abc import Callable, Iterable
from math import inf
from time import monotonic

from detectors.elsewhere import DELAY_S
from streams.incidents.facts import LONGEST_S
from streams.incidents.model import Fact
from streams.worker.clock import Mark

SPARE = 4096
"""Facts that are out of date before they are dropped."""


class Exchange:
    """Facts and promises of all partitions.

    Parameters
    ----------
    partitions
        How many there are, ours or not.

    Attributes
    ----------
    owned
        The partitions of this process.
    promised
        For each partition the moment (arrival clock, Unix seconds) before which all its facts are told.
    changed
        When another worker's promise was last heard, by the monotonic clock.
    """

    def __init__(self, partitions: int) -> None:
        self.promised = dict.fromkeys(range(partitions), -inf)
        self.owned: frozenset[int] = frozenset()
        self.changed = monotonic()
        self.moved: Callable[[], None] = lambda: None
        self._facts: list[Fact] = []
        self._dropped = 0

    @property
    def alone(self) -> bool:
        """Whether all partitions are ours, so that nobody else waits for a mark."""
        return len(self.owned) == len(self.promised)

    def own(self, partitions: Iterable[int]) -> None:
        """Take note of which partitions are ours now."""
        self.owned, self.changed = frozenset(partitions), monotonic()

    def horizon(self, partition: int) -> float:
        """Return how far a partition may go on, Unix seconds."""
        return min((time for other, time in self.promised.items() if other != partition), default=inf) + DELAY_S

    def awaited(self, partition: int) -> int:
        """Return the partition that this one waits for first."""
        return min((time, other) for other, time in self.promised.items() if other != partition)[1]

    def promise(self, partition: int, time: float) -> None:
        """Take a promise; lanes that waited for it are woken."""
        before = self.promised.get(partition, inf)
        if time <= before:
            return
        if partition not in self.owned:
            self.changed = monotonic()
        last = before == min(self.promised.values())
        self.promised[partition] = time
        if last:
            self.moved()

    def hear(self, record: Fact | Mark) -> None:
        """Take a record of `tocsin.facts`, ours or another's, also again."""
        if isinstance(record, Mark):
            self.promise(record.partition, record.time)
        else:
            self._facts.append(record)
            self._forget()

    def since(self, heard: int) -> tuple[list[Fact], int]:
        """List the facts after the first `heard` ones, and say how many there are now."""
        return self._facts[max(heard - self._dropped, 0) :], self._dropped + len(self._facts)

    def _forget(self) -> None:
        """Drop facts that were noticed so long ago that no lane asks for them any more."""
        if len(self._facts) <= SPARE:
            return
        oldest = min(self.promised.values()) - LONGEST_S
        if all(fact.clock < oldest for fact in self._facts[:SPARE]):
            del self._facts[:SPARE]
            self._dropped += SPARE
