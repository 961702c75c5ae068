"""How the processes of a backtest keep step: promises in shared memory, facts in files that are only appended to."""

import os
from collections.abc import Callable, MutableSequence
from math import ceil, floor, inf
from pathlib import Path
from time import sleep

import msgspec

from detectors.elsewhere import DELAY_S
from streams.incidents.model import Fact

NAP_S = 0.00005
"""How long a process sleeps before it looks again how far the others are."""

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
    meanwhile
        Does something useful while one waits for others; False when there is nothing to do.
    """

    def __init__(
        self,
        index: int,
        promises: MutableSequence[float],
        folder: Path,
        take: Callable[[Fact], None],
        meanwhile: Callable[[], bool],
    ) -> None:
        self._index = index
        self._promises = promises
        self._others = [other for other in range(len(promises)) if other != index]
        self._told = (folder / str(index)).open("ab", buffering=0)
        self._heard = {other: (folder / str(other)).open("rb") for other in self._others}
        self._rests = dict.fromkeys(self._others, b"")
        self._take = take
        self._meanwhile = meanwhile
        self._parent = os.getppid()

    def tell(self, fact: Fact) -> None:
        """See `Peers`."""
        self._told.write(msgspec.json.encode(fact) + b"\n")

    def horizon(self, soonest: float) -> float:
        """See `Peers`."""
        self._promises[self._index] = floor(soonest)
        while (reach := min(self._promises[other] for other in self._others) + DELAY_S) < ceil(soonest):
            if os.getppid() != self._parent:
                os._exit(1)
            if not self._meanwhile():
                sleep(NAP_S)
        for other, file in self._heard.items():
            *lines, self._rests[other] = (self._rests[other] + file.read()).split(b"\n")  # the last may be half written
            for line in lines:
                self._take(_FACT.decode(line))
        return reach

    def done(self) -> None:
        """Promise that nothing more comes."""
        self._promises[self._index] = inf
