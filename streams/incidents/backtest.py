"""The very code that serves the stream, run over a recording; its clock is the recording's arrival clock."""

from collections import deque
from collections.abc import Iterable, Iterator
from math import ceil
from typing import Any

from streams.incidents.model import Finding, Incident, Output, moment
from streams.incidents.registry import Registry
from streams.incidents.reorder import HOLD_S
from streams.incidents.shard import Shard
from streams.telemetry.control import Control
from streams.telemetry.decode import TOPICS, Arrival, decode
from streams.telemetry.decode_control import KINDS, decode_control
from streams.telemetry.recording import Line, RecordingError
from streams.telemetry.refusal import Refusal

Told = dict[str, Any]
MOST = 4096
"""Slices and objects that are read before they are decided."""


class Piece:
    """A slice of a recording: what came in the second that ends at `tick`, Unix seconds."""

    __slots__ = ("arrivals", "controls", "refused", "tick")

    def __init__(self, tick: float) -> None:
        self.tick = tick
        self.arrivals: list[Arrival] = []
        self.controls: list[Control] = []
        self.refused: list[Told] = []


class Backtest:
    """Runs recordings through a shard.

    Attributes
    ----------
    shard
        The sites, after or while running.
    refused
        How many objects were refused, by reason's code.
    first, last
        The arrival clock at both ends, Unix seconds; None before the first record.
    """

    def __init__(self) -> None:
        self.shard = Shard(Registry())
        self.refused: dict[str, int] = {}
        self.first: float | None = None
        self.last = 0.0

    def run(self, lines: Iterable[tuple[float, Line]]) -> Iterator[Told]:
        """Yield each event as the contract has it, in the order of decision; lines come with their arrival clock.

        Raises
        ------
        RecordingError
            For a topic that is no telemetry and no control topic, after what was decided before it.
        """
        waiting: list[Piece] = []
        weight = 0
        try:
            for piece in self._pieces(lines):
                if piece.controls or weight > MOST:
                    yield from self._decide(waiting)
                    waiting, weight = [], 0
                waiting.append(piece)
                weight += 1 + len(piece.arrivals)
        except RecordingError:
            yield from self._decide(waiting)
            raise
        yield from self._decide(waiting)
        if self.first is not None:
            end = ceil(self.last)
            yield from self._decide([Piece(float(end + more)) for more in range(1, ceil(HOLD_S) + 1)])

    def site_days(self) -> float:
        """Return for how long the sites were watched, each from its first object to the recording's end, in days."""
        watches = (self.shard.watch(site) for site in self.shard.sites())
        return sum(self.last - watch.scene.first for watch in watches if watch) / 86400.0

    def _pieces(self, lines: Iterable[tuple[float, Line]]) -> Iterator[Piece]:
        piece: Piece | None = None
        for clock, line in lines:
            if self.first is None:
                self.first = clock
            self.last = clock
            if piece is None or clock > piece.tick:
                if piece is not None:
                    yield piece
                piece = Piece(float(ceil(clock)))
            self._read(clock, line, piece)
        if piece is not None:
            yield piece

    def _read(self, clock: float, line: Line, piece: Piece) -> None:
        refusals: list[Refusal] = []
        if line.topic in TOPICS:
            valid, refusals = decode(TOPICS[line.topic], line.key, line.value, clock)
            piece.arrivals += valid
        elif line.topic not in KINDS:
            raise RecordingError(f"line {line.number}: {line.topic} is neither a telemetry nor a control topic")
        else:
            control = decode_control(line.topic, line.key, line.value)
            if isinstance(control, Refusal):
                refusals = [control]
            elif control is not None:
                piece.controls.append(control)
        for refusal in refusals:
            self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
            key = None if line.key is None else line.key.decode("utf-8", "replace")
            body = {"topic": line.topic, "key": key, "reason": refusal.reason, "field": refusal.field}
            piece.refused.append({"time": moment(clock), "event": "dead_letter", "dead_letter": body})

    def _decide(self, pieces: list[Piece]) -> Iterator[Told]:
        """Take pieces in succession through the shard, of which only the first may have control records."""
        outputs: list[Output] = []
        plain = pieces
        if pieces and pieces[0].controls:
            outputs += self.shard.advance(pieces[0].tick, pieces[0].arrivals, pieces[0].controls)
            plain = pieces[1:]
        outputs += self.shard.stretch([(piece.tick, piece.arrivals) for piece in plain])
        queue = deque(outputs)
        for piece in pieces:
            yield from piece.refused
            while queue and queue[0].clock <= piece.tick:
                yield from _told(queue.popleft())


def _told(output: Output) -> Iterator[Told]:
    told: Told = {"time": moment(output.clock), "event": output.event}
    if isinstance(output.body, Finding):
        yield told | {"finding": output.body}
    elif isinstance(output.body, Incident):
        yield told | {"incident": output.body}
