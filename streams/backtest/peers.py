"""How the processes of a backtest keep step: promises in shared memory, facts in files that are only appended to."""

import os
from collections.abc import Callable, MutableSequence
from math import ceil, floor, inf
from pathlib import Path
from time import sleep

import msgspec

from detectors.elsewhere import DELAY_S
from streams.incidents.model import Fact

SPINS = 200
"""How often a process only lets others run before it sleeps: mostly they are not far behind."""
NAP = 0.0002
"""Seconds of such a sleep."""

_FACT = msgspec.json.Decoder(Fact)


class Neighbours:
    """The other processes, as one sees them.

    Parameters
    ----------
    index
        This one's.
    promises
        Of each process the moment, arrival clock in Unix seconds, before which all its facts are written; shared.
    folder
        Where each process has a file of facts, by its index.
    take
        Takes a fact that another told.
    """

    def __init__(
        self, index: int, promises: MutableSequence[float], folder: Path, take: Callable[[Fact], None]
    ) -> None:
        self._index = index
        self._promises = promises
        self._others = [other for other in range(len(promises)) if other != index]
        self._told = (folder / str(index)).open("ab", buffering=0)
        self._heard = {other: (folder / str(other)).open("rb") for other in self._others}
        self._rests = dict.fromkeys(self._others, b"")
        self._take = take
        self._parent = os.getppid()

    def tell(self, fact: Fact) -> None:
        """See `Peers`."""
        self._told.write(msgspec.json.encode(fact) + b"\n")

    def horizon(self, soonest: float) -> float:
        """See `Peers`."""
        self._promises[self._index] = floor(soonest)
        tries = 0
        while (reach := min(self._promises[other] for other in self._others) + DELAY_S) < ceil(soonest):
            tries += 1
            self._wait(tries)
        for other, file in self._heard.items():
            *lines, self._rests[other] = (self._rests[other] + file.read()).split(b"\n")  # the last may be half written
            for line in lines:
                self._take(_FACT.decode(line))
        return reach

    def done(self) -> None:
        """Promise that nothing more comes."""
        self._promises[self._index] = inf

    def _wait(self, tries: int) -> None:
        if tries < SPINS:
            os.sched_yield()
        elif os.getppid() != self._parent:
            os._exit(1)
        else:
            sleep(NAP)
