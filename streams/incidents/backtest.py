"""The very code that serves the stream, run over a recording; its clock is the recording's arrival clock."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from math import ceil, inf
from operator import itemgetter
from typing import Any

from detectors.elsewhere import DELAY_S
from streams.incidents.model import Finding, Incident, Output, moment
from streams.incidents.registry import Registry
from streams.incidents.reorder import HOLD_S
from streams.incidents.shard import Shard
from streams.telemetry.control import Control
from streams.telemetry.decode import LANES, Arrival
from streams.telemetry.decode_control import KINDS, decode_control
from streams.telemetry.recording import Line, RecordingError
from streams.telemetry.refusal import Refusal

Told = dict[str, Any]
Timed = tuple[float, Line | None]
"""The arrival clock, Unix seconds, and a line; None where merely time has passed."""
Key = tuple[float, int, int, str]
"""What puts events in order: a moment, whether it comes after what was decided then, its line's number, its site."""
MOST = 4096
"""Slices and objects that are read before they are decided."""
READY = 256
"""Slices that are decoded in advance: few enough to stay in the processor's caches."""

_lanes = {lane.topic: lane for lane in LANES.values()}


class Piece:
    """A slice of a recording, decoded: what came in the second that ends at `tick`, Unix seconds."""

    __slots__ = ("arrivals", "controls", "refused", "tick")

    def __init__(self, tick: float) -> None:
        self.tick = tick
        self.arrivals: list[Arrival] = []
        self.controls: list[Control] = []
        self.refused: list[tuple[Key, Told]] = []


class Backtest:
    """Runs recordings through a shard.

    Parameters
    ----------
    tells
        Whether it tells of control records that nobody can take: of several that share the sites, one does.

    Attributes
    ----------
    shard
        The sites, after or while running.
    refused
        How many objects were refused, by reason's code.
    last
        The arrival clock, Unix seconds; None before the first record.
    """

    def __init__(self, tells: bool = True) -> None:
        self.shard = Shard(Registry())
        self.refused: dict[str, int] = {}
        self.last: float | None = None
        self._tells = tells
        self._coming: Iterator[Piece] = iter(())
        self._ready: deque[Piece] = deque()
        self._failure: RecordingError | None = None

    @property
    def events(self) -> int:
        """How many objects were judged."""
        return self.shard.stats.events

    def run(self, lines: Iterable[Timed]) -> Iterator[Told]:
        """Yield each event as the contract has it, in the order of decision; lines come with their arrival clock.

        Raises
        ------
        RecordingError
            For a topic that is no telemetry and no control topic, after what was decided before it.
        """
        for _, batch in self.batches(lines):
            yield from (told for _, told in batch)

    def batches(self, lines: Iterable[Timed]) -> Iterator[tuple[float, list[tuple[Key, Told]]]]:
        """Yield the same some seconds at a time, each event with its key, and up to when that is all, Unix seconds."""
        waiting: list[Piece] = []
        weight = 0
        self._coming = self._pieces(lines)
        try:
            while (piece := self._next()) is not None:
                if waiting and (piece.controls or weight > MOST or piece.tick > waiting[0].tick + DELAY_S):
                    yield waiting[-1].tick, self._decide(waiting)
                    waiting, weight = [], 0
                waiting.append(piece)
                weight += 1 + len(piece.arrivals)
        except RecordingError:
            if waiting:
                yield waiting[-1].tick, self._decide(waiting)
            raise
        if self.last is not None:
            end = ceil(self.last)
            waiting += (Piece(float(end + more)) for more in range(1, ceil(HOLD_S) + 1))
            yield inf, self._decide(waiting)

    def prepare(self) -> bool:
        """Decode one more slice in advance, for who has nothing better to do; False when none comes or enough wait."""
        before = len(self._ready)
        if self._failure is None and before < READY:
            try:
                self._ready.extend(islice(self._coming, 1))
            except RecordingError as error:
                self._failure = error
        return len(self._ready) > before

    def site_days(self) -> float:
        """Return for how long the sites were watched, each from its first object to the recording's end, in days."""
        watches = (self.shard.watch(site) for site in self.shard.sites())
        return sum((self.last or 0.0) - watch.scene.first for watch in watches if watch) / 86400.0

    def _next(self) -> Piece | None:
        """Take the next slice; None after the last one."""
        if self._ready:
            return self._ready.popleft()
        if self._failure is not None:
            raise self._failure
        return next(self._coming, None)

    def _pieces(self, lines: Iterable[Timed]) -> Iterator[Piece]:
        """Cut a recording into slices; an unreadable one up to the last second that is whole."""
        piece: Piece | None = None
        try:
            for clock, line in lines:
                if piece is None or clock > piece.tick:
                    if piece is not None:
                        yield piece
                    piece = Piece(float(ceil(clock)))
                self.last = clock
                if line is not None:
                    self._read(clock, line, piece)
        except RecordingError:
            if piece is not None:
                yield Piece(piece.tick - 1.0)
            raise
        if piece is not None:
            yield piece

    def _read(self, clock: float, line: Line, piece: Piece) -> None:
        """Decode a line."""
        topic, key, value, _, number = line
        lane = _lanes.get(topic)
        if lane is not None:
            arrival = lane.take(key, value, clock)
            if arrival is not None:
                piece.arrivals.append(arrival)
                return
            for verdict in lane.judge(key, value, clock):
                if isinstance(verdict, Refusal):
                    self._refuse(clock, line, piece, verdict)
                else:
                    piece.arrivals.append(verdict)
        elif topic not in KINDS:
            raise RecordingError(f"line {number}: {topic} is neither a telemetry nor a control topic")
        else:
            control = decode_control(topic, key, value)
            if not isinstance(control, Refusal):
                piece.controls += () if control is None else (control,)
            elif self._tells:
                self._refuse(clock, line, piece, control)

    def _refuse(self, clock: float, line: Line, piece: Piece, refusal: Refusal) -> None:
        self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
        named = None if line.key is None else line.key.decode("utf-8", "replace")
        body = {"topic": line.topic, "key": named, "reason": refusal.reason, "field": refusal.field}
        told = {"time": moment(clock), "event": "dead_letter", "dead_letter": body}
        piece.refused.append(((piece.tick - 1.0, 1, line.number, named or ""), told))

    def _decide(self, pieces: list[Piece]) -> list[tuple[Key, Told]]:
        """Take pieces in succession through the shard, of which only the first may have control records."""
        outputs: list[Output] = []
        every, first = pieces, pieces[0]
        if first.controls:
            outputs += self.shard.advance(first.tick, first.arrivals, first.controls)
            pieces = pieces[1:]
        outputs += self.shard.stretch([(piece.tick, piece.arrivals) for piece in pieces])
        told = [entry for piece in every for entry in piece.refused]
        told += [((output.clock, 0, 0, output.body.site), one) for output in outputs if (one := _told(output))]
        told.sort(key=itemgetter(0))
        return told


def _told(output: Output) -> Told | None:
    told: Told = {"time": moment(output.clock), "event": output.event}
    if isinstance(output.body, Finding):
        return told | {"finding": output.body}
    return told | {"incident": output.body} if isinstance(output.body, Incident) else None
