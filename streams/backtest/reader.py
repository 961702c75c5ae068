"""Who reads a recording for all processes of a backtest, and gives each of them the lines of its sites."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection

from msgspec import Struct, msgpack

from detectors.elsewhere import DELAY_S
from streams.incidents.backtest import Timed
from streams.telemetry.decode import TOPICS
from streams.telemetry.recording import Line, RecordingError

MANY = 1000
"""Lines of a recording that are shared out at one go."""
AHEAD, AHEAD_S = 16, 3.0 * DELAY_S
"""Portions that a process takes up in advance, and of how much of the recording at least, s."""

_new = tuple.__new__


class Portion(Struct, array_like=True):
    """What a process gets at one go.

    Attributes
    ----------
    lines
        Those of its sites and of all control topics, each `received` when the arrival clock says.
    clock
        How far the recording was read, arrival clock in Unix seconds; None where nothing was.
    last
        Whether nothing more comes; then `failure` says why, if the recording can't be read any further.
    """

    lines: list[Line]
    clock: float | None
    last: bool = False
    failure: str | None = None


_portion = msgpack.Decoder(Portion)


def portions(lines: Iterable[tuple[float, Line]], shares: int) -> Iterator[list[Portion]]:
    """Yield a portion for each share, again and again; sites take turns as they come up."""
    lines = iter(lines)
    turns: dict[bytes | None, int] = {}
    clock: float | None = None
    failure, last = None, False
    while not last:
        given: list[list[Line]] = [[] for _ in range(shares)]
        last = True
        try:
            for clock, (topic, key, value, _, number) in islice(lines, MANY):
                last = False
                line = _new(Line, (topic, key, value, clock, number))
                if topic in TOPICS:
                    given[turns.setdefault(key, len(turns) % shares)].append(line)
                else:
                    for every in given:
                        every.append(line)
        except RecordingError as error:
            failure, last = str(error), True
        yield [Portion(some, clock, last, failure) for some in given]


class Inbox:
    """Where a process gets its portions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: deque[Portion] = deque()
        self._complete = False

    def lines(self) -> Iterator[Timed]:
        """Yield each line with its clock; raises `RecordingError` where the recording can't be read any further."""
        last = False
        while not last:
            if not self._waiting:
                self._take()
            portion = self._waiting.popleft()
            for line in portion.lines:
                yield line.received or 0.0, line
            if portion.clock is not None:
                yield portion.clock, None
            last = portion.last
        if portion.failure is not None:
            raise RecordingError(portion.failure)

    def waits(self) -> bool:
        """Whether something is there that can be read at once."""
        return bool(self._waiting)

    def drain(self) -> bool:
        """Take up what has come, within bounds; returns whether anything had.

        Who waits for another must do so: the reader, who gives all the same, may have to give us something before it
        comes to what the other needs to get as far as we are.
        """
        before = len(self._waiting)
        while not self._complete and self._has_room() and self._connection.poll():
            self._take()
        return len(self._waiting) > before

    def _has_room(self) -> bool:
        waiting = self._waiting
        return len(waiting) < AHEAD or (waiting[-1].clock or 0.0) - (waiting[0].clock or 0.0) < AHEAD_S

    def _take(self) -> None:
        portion = _portion.decode(self._connection.recv_bytes())
        self._waiting.append(portion)
        self._complete = portion.last
