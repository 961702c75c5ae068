"""The very code that serves the stream, run over a recording; its clock is the recording's arrival clock."""

from collections.abc import Iterable, Iterator
from functools import partial
from math import ceil, inf
from operator import itemgetter
from typing import Any

from detectors.elsewhere import DELAY_S
from streams.incidents.model import Finding, Incident, Output, moment
from streams.incidents.registry import Registry
from streams.incidents.reorder import HOLD_S
from streams.incidents.shard import Shard
from streams.telemetry.control import Control
from streams.telemetry.decode import TOPICS, Arrival, decode_batch
from streams.telemetry.decode_control import KINDS, decode_control
from streams.telemetry.recording import Line, RecordingError
from streams.telemetry.refusal import Refusal

Told = dict[str, Any]
Record = tuple[bytes | None, bytes | None, float]
Key = tuple[float, int, int, str]
"""What puts events in order: a moment, whether it comes after what was decided then, its line's number, its site."""
MOST = 4096
"""Slices and objects that are read before they are decided."""


class Share:
    """The sites that are computed here: all, or of several shares that are computed apart the `index`-th."""

    def __init__(self, index: int = 0, shares: int = 1) -> None:
        self.index = index
        self._shares = shares
        self._turns: dict[bytes | None, int] = {}

    def holds(self, key: bytes | None) -> bool:
        """Whether a site is one of them; sites take turns as they come up, which is the same for every share."""
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = len(self._turns) % self._shares
        return turn == self.index


class Piece:
    """A slice of a recording: what came in the second that ends at `tick`, and when the one `before` ended, Unix s.

    Attributes
    ----------
    records
        By topic what is still to be decoded: key, value and arrival clock of each record, and its line's number.
    """

    __slots__ = ("arrivals", "before", "controls", "records", "refused", "tick")

    def __init__(self, tick: float, before: float) -> None:
        self.tick = tick
        self.before = before
        self.records: dict[str, tuple[list[Record], list[int]]] = {}
        self.arrivals: list[Arrival] = []
        self.controls: list[Control] = []
        self.refused: list[tuple[Key, Told]] = []


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

    def __init__(self, share: Share | None = None) -> None:
        self.shard = Shard(Registry())
        self.refused: dict[str, int] = {}
        self.first: float | None = None
        self.last = 0.0
        self._share = share or Share()

    @property
    def events(self) -> int:
        """How many objects were judged."""
        return self.shard.stats.events

    def run(self, lines: Iterable[tuple[float, Line]]) -> Iterator[Told]:
        """Yield each event as the contract has it, in the order of decision; lines come with their arrival clock.

        Raises
        ------
        RecordingError
            For a topic that is no telemetry and no control topic, after what was decided before it.
        """
        for _, batch in self.batches(lines):
            yield from (told for _, told in batch)

    def batches(self, lines: Iterable[tuple[float, Line]]) -> Iterator[tuple[float, list[tuple[Key, Told]]]]:
        """Yield the same some seconds at a time, each event with its key, and up to when that is all, Unix seconds."""
        waiting: list[Piece] = []
        weight = 0
        try:
            for piece in self._pieces(lines):
                self._open(piece)
                if waiting and (piece.controls or weight > MOST or piece.tick > waiting[0].tick + DELAY_S):
                    yield waiting[-1].tick, self._decide(waiting)
                    waiting, weight = [], 0
                waiting.append(piece)
                weight += 1 + len(piece.arrivals)
        except RecordingError:
            if waiting:
                yield waiting[-1].tick, self._decide(waiting)
            raise
        if self.first is not None:
            end = ceil(self.last)
            waiting += (Piece(float(end + more), float(end)) for more in range(1, ceil(HOLD_S) + 1))
            yield inf, self._decide(waiting)

    def site_days(self) -> float:
        """Return for how long the sites were watched, each from its first object to the recording's end, in days."""
        watches = (self.shard.watch(site) for site in self.shard.sites())
        return sum(self.last - watch.scene.first for watch in watches if watch) / 86400.0

    def _pieces(self, lines: Iterable[tuple[float, Line]]) -> Iterator[Piece]:
        """Cut our part of a recording into slices; an unreadable one up to the last second that is whole."""
        piece: Piece | None = None
        before = tick = -inf
        try:
            for number, (clock, line) in enumerate(lines):
                self.first, self.last = clock if self.first is None else self.first, clock
                if clock > tick:
                    before, tick = tick, float(ceil(clock))
                if line.topic in TOPICS and not self._share.holds(line.key):
                    continue
                if piece is not None and tick > piece.tick:
                    yield piece
                    piece = None
                piece = piece or Piece(tick, before)
                self._read(clock, line, number, piece)
        except RecordingError:
            yield from [piece] if piece is not None and piece.tick < tick else []
            yield from [Piece(before, before)] if before > -inf else []
            raise
        yield from [piece] if piece is not None else []

    def _read(self, clock: float, line: Line, number: int, piece: Piece) -> None:
        if line.topic in TOPICS:
            records, numbers = piece.records.setdefault(line.topic, ([], []))
            records.append((line.key, line.value, clock))
            numbers.append(number)
        elif line.topic not in KINDS:
            raise RecordingError(f"line {line.number}: {line.topic} is neither a telemetry nor a control topic")
        else:
            control = decode_control(line.topic, line.key, line.value)
            if not isinstance(control, Refusal):
                piece.controls += () if control is None else (control,)
            elif self._share.index == 0:  # all shares take control records, one tells of those that none can take
                self._refuse(piece, line.topic, [(line.key, line.value, clock)], [number], 0, control)

    def _open(self, piece: Piece) -> None:
        """Decode a piece's telemetry, a topic at a time."""
        for topic, (records, numbers) in piece.records.items():
            refuse = partial(self._refuse, piece, topic, records, numbers)
            piece.arrivals += decode_batch(TOPICS[topic], records, refuse)

    def _refuse(
        self, piece: Piece, topic: str, records: list[Record], numbers: list[int], index: int, refusal: Refusal
    ) -> None:
        self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
        key, _, clock = records[index]
        named = None if key is None else key.decode("utf-8", "replace")
        body = {"topic": topic, "key": named, "reason": refusal.reason, "field": refusal.field}
        told = {"time": moment(clock), "event": "dead_letter", "dead_letter": body}
        piece.refused.append(((piece.before, 1, numbers[index], ""), told))

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
