"""The very code that serves the stream, run over a recording; its clock is the recording's arrival clock."""

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
            For a topic that is no telemetry and no control topic.
        """
        tick: int | None = None
        arrivals: list[Arrival] = []
        controls: list[Control] = []
        for clock, line in lines:
            if self.first is None:
                self.first = clock
            self.last = clock
            due = ceil(clock)
            if tick is not None and due > tick:
                yield from self._tell(self.shard.advance(tick, arrivals, controls))
                arrivals, controls = [], []
            tick = due
            yield from self._read(clock, line, arrivals, controls)
        if tick is None:
            return
        yield from self._tell(self.shard.advance(tick, arrivals, controls))
        for more in range(1, ceil(HOLD_S) + 1):
            yield from self._tell(self.shard.advance(tick + more, [], []))

    def site_days(self) -> float:
        """Return for how long the sites were watched, each from its first object to the recording's end, in days."""
        watches = (self.shard.watch(site) for site in self.shard.sites())
        return sum(self.last - watch.scene.first for watch in watches if watch) / 86400.0

    def _read(self, clock: float, line: Line, arrivals: list[Arrival], controls: list[Control]) -> Iterator[Told]:
        refusals: list[Refusal] = []
        if line.topic in TOPICS:
            valid, refusals = decode(TOPICS[line.topic], line.key, line.value, clock)
            arrivals += valid
        elif line.topic not in KINDS:
            raise RecordingError(f"line {line.number}: {line.topic} is neither a telemetry nor a control topic")
        else:
            control = decode_control(line.topic, line.key, line.value)
            if isinstance(control, Refusal):
                refusals = [control]
            elif control is not None:
                controls.append(control)
        for refusal in refusals:
            self.refused[refusal.code] = self.refused.get(refusal.code, 0) + 1
            key = None if line.key is None else line.key.decode("utf-8", "replace")
            body = {"topic": line.topic, "key": key, "reason": refusal.reason, "field": refusal.field}
            yield {"time": moment(clock), "event": "dead_letter", "dead_letter": body}

    def _tell(self, outputs: list[Output]) -> Iterator[Told]:
        for output in outputs:
            told: Told = {"time": moment(output.clock), "event": output.event}
            if isinstance(output.body, Finding):
                yield told | {"finding": output.body}
            elif isinstance(output.body, Incident):
                yield told | {"incident": output.body}
