"""The reorder buffer: events wait a moment, so that the core sees them in event-time order."""

from math import inf

from streams.telemetry.decode import Arrival

HOLD_S = 2.0
"""How long an event waits for earlier ones, s."""

Held = tuple[float, Arrival]


class Reorder:
    """Events of one site that wait for earlier ones.

    Attributes
    ----------
    held
        Waiting events, each with its event time or its arrival, whichever is earlier: a device's clock that runs fast
        delays nothing.
    oldest
        The least of these times, Unix seconds; `inf` when nothing waits.
    released
        The newest that was let go, Unix seconds.
    """

    __slots__ = ("held", "oldest", "released")

    def __init__(self) -> None:
        self.held: list[Held] = []
        self.oldest = inf
        self.released = -inf

    def hold(self, arrivals: list[Arrival], clock: float) -> float:
        """Take what arrived by `clock`; returns when something is to be let go."""
        held, oldest = self.held, self.oldest
        for arrival in arrivals:
            at = arrival.time
            if at > clock:
                at = clock
            if at < oldest:
                oldest = at
            held.append((at, arrival))
        self.oldest = oldest
        return oldest + HOLD_S

    def release(self, now: float) -> tuple[list[Held], int]:
        """Let go what has waited long enough, in order; also how many of them come after later ones all the same."""
        until = now - HOLD_S
        if self.oldest > until:
            return [], 0
        held, self.held, self.oldest = self.held, [], inf
        ready = held if len(held) == 1 else self._ripe(held, until)
        first, last = ready[0][0], ready[-1][0]
        late = sum(entry[0] < self.released for entry in ready) if first < self.released else 0
        if last > self.released:
            self.released = last
        return ready, late

    def _ripe(self, held: list[Held], until: float) -> list[Held]:
        """Put aside what has to wait on, and the rest in order."""
        ready = []
        for entry in held:
            if entry[0] <= until:
                ready.append(entry)
            else:
                self.held.append(entry)
                self.oldest = min(self.oldest, entry[0])
        if len(ready) > 1:
            ready.sort(key=_order)
        return ready

    def fill(self, held: list[Held], released: float) -> None:
        """Take back what was held."""
        self.held, self.released = held, released
        self.oldest = min((at for at, _ in held), default=inf)

    def due(self) -> float:
        """When something is to be let go, Unix seconds; `inf` for never."""
        return self.oldest + HOLD_S


def _order(entry: Held) -> tuple[float, int, str, float, int, str]:
    at, (time, rank, event) = entry
    sequence = -1 if event.sequence is None else event.sequence
    return at, rank, event.device, time, sequence, type(event).__name__
