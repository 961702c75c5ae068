"""The recording that is grafted upon, and one site of it whose night is changed."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from random import Random
from typing import Any, NamedTuple

import msgspec

from streams.local.simulator.calendar import stamp
from streams.telemetry.recording import Line, clocked, read
from tests.recordings import RECORDINGS

RECORDING = RECORDINGS / "ordinary-week" / "recording.ndjson.gz"

Fields = dict[str, Any]
Change = Callable[[Fields, float], Fields | None]
"""What becomes of an object, given its time (Unix seconds); None where it is never sent."""


class Sent(NamedTuple):
    """One object: when it arrived, where, and when it was so, both Unix seconds; it may not say when."""

    arrival: float
    topic: str
    key: str
    time: float | None
    fields: Fields


class Stage(NamedTuple):
    """A step of what was grafted on."""

    time: float
    domain: str
    name: str


class _Timed(msgspec.Struct):
    time: datetime


@cache
def host() -> list[Sent]:
    """Read the recording, object by object."""
    return list(_objects())


def _objects() -> Iterator[Sent]:
    for clock, line in clocked(read(RECORDING)):
        try:
            value = msgspec.json.decode(line.value or b"null")
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        for fields in value if isinstance(value, list) else [value]:
            if isinstance(fields, dict):
                yield Sent(clock, line.topic, (line.key or b"").decode(), _time(fields), fields)


def _time(fields: Fields) -> float | None:
    try:
        return msgspec.convert(fields, _Timed).time.timestamp()
    except msgspec.ValidationError:
        return None


class Graft:
    """What happens at one site from `start` on, Unix seconds: techniques add to it, change it and silence it.

    Attributes
    ----------
    stages
        What was done.
    goods
        When the first goods are over the dock, Unix seconds.
    """

    def __init__(self, site: str, start: float, rng: Random) -> None:
        self.site, self.start, self.rng = site, start, rng
        self.stages: list[Stage] = []
        self.goods: float | None = None
        self._added: list[Sent] = []
        self._changes: list[tuple[float, float, Change]] = []

    def stage(self, time: float, domain: str, name: str) -> None:
        """Note a step."""
        self.stages.append(Stage(time, domain, name))

    def send(self, time: float, kind: str, device: str, site: str = "", **fields: Any) -> None:
        """Let a device say something, a second or so before it arrives."""
        site = site or self.site
        domain = {"recorder": "camera"}.get(kind.partition(".")[0], kind.partition(".")[0])
        said = {"type": kind, "site": site, "device": device, "time": stamp(time), **fields}
        self._added.append(Sent(time + self.rng.uniform(0.1, 1.5), f"telemetry.{domain}", site, time, said))

    def change(self, start: float, end: float, change: Change) -> None:
        """Let what the site says of this span go through `change`."""
        self._changes.append((start, end, change))

    def lived(self, kind: str) -> Iterator[tuple[float, Fields]]:
        """Yield what the site said of a type before it began, with its time."""
        for one in host():
            said = one.key == self.site and one.fields.get("type") == kind
            if said and one.time is not None and one.time < self.start:
                yield one.time, one.fields

    def devices(self, kind: str) -> list[str]:
        """Name the devices that have said something of a type."""
        return sorted({fields["device"] for _, fields in self.lived(kind)})

    def lines(self, until: float) -> Iterator[tuple[float, Line]]:
        """Yield the recording with the graft in it, up to an arrival clock (Unix seconds)."""
        mixed = sorted([*self._changed(until), *self._added], key=lambda one: one.arrival)
        for number, one in enumerate((one for one in mixed if one.arrival <= until), 1):
            yield one.arrival, Line(one.topic, one.key.encode(), msgspec.json.encode(one.fields), one.arrival, number)

    def _changed(self, until: float) -> Iterator[Sent]:
        for one in host():
            if one.arrival > until:
                return
            fields: Fields | None = one.fields
            if one.key == self.site and one.time is not None and one.topic.startswith("telemetry"):
                for start, end, change in self._changes:
                    if fields is not None and start <= one.time < end:
                        fields = change(dict(fields), one.time)
            if fields is not None:
                yield one._replace(fields=fields)
