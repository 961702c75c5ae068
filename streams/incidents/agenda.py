"""When which site wants to be woken: a heap, so that sites for which nothing is due cost nothing."""

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf


class Agenda:
    """The earliest moment noted for each site, Unix seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._noted: dict[str, float] = {}

    def note(self, site: str, due: float) -> None:
        """Note when a site wants to be woken, unless it will be woken earlier already."""
        if due < self._noted.get(site, inf):
            self._noted[site] = due
            heappush(self._heap, (due, site))

    def drop(self, site: str) -> None:
        """Forget a site."""
        self._noted.pop(site, None)

    def ripe(self, clock: float) -> Iterator[str]:
        """Yield the sites that were to be woken by `clock`, and forget them."""
        heap, noted = self._heap, self._noted
        while heap and heap[0][0] <= clock:
            due, site = heappop(heap)
            if noted.get(site) == due:
                del noted[site]
                yield site

    def due(self) -> float:
        """When the first is to be woken, at the earliest, Unix seconds; `inf` for never."""
        return self._heap[0][0] if self._heap else inf
