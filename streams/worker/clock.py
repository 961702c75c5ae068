"""Ticks: what cuts the log into slices, as records of `control.clock`."""

from collections.abc import Mapping

import msgspec

from streams.incidents.model import Fact
from streams.telemetry import alarm, camera, control, power, rfid, shipment

CLOCK = "control.clock"
FACTS = "tocsin.facts"
TELEMETRY = (power.TOPIC, alarm.TOPIC, camera.TOPIC, rfid.TOPIC, shipment.TOPIC)
CONTROLS = (
    *(control.SITES, control.MAINTENANCE, control.ITEMS, control.VERDICTS, control.WATCHLIST),
    control.ACTIONS,
)

Ends = Mapping[str, int]


class Tick(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Everything below `ends` (topic → offset, in the tick's partition) arrived before `time` (unix seconds).

    `complete` says that nothing more was known to be waiting. A topic that `ends` does not name is where it was.
    `forget` lists whose state is to be learnt anew: site and device, or the whole site where the device is empty.
    `seed` brings shadows of drills with the life that they have lived: their names, and their states as zstd.
    """

    time: float
    ends: dict[str, int]
    complete: bool = True
    forget: tuple[tuple[str, str], ...] = ()
    seed: tuple[tuple[str, bytes], ...] = ()


class Mark(msgspec.Struct, frozen=True, tag_field="type", tag="mark"):
    """On `tocsin.facts`: all facts of this partition that were noticed before `time` (unix seconds) stand above."""

    partition: int
    time: float


_FACTS: msgspec.json.Decoder[Fact | Mark] = msgspec.json.Decoder(Fact | Mark)
_DECODER = msgspec.json.Decoder(list[Tick])
_ENCODER = msgspec.json.Encoder()


def encode(ticks: list[Tick]) -> bytes:
    """Build the value of a record of `control.clock`."""
    return _ENCODER.encode(ticks)


def decode(value: bytes | None) -> list[Tick]:
    """Read the ticks of a record of `control.clock`; raises `msgspec.MsgspecError` when it holds something else."""
    return _DECODER.decode(value or b"")


def decode_fact(value: bytes | None) -> Fact | Mark:
    """Read a record of `tocsin.facts`; raises `msgspec.MsgspecError` when it holds something else."""
    return _FACTS.decode(value or b"")


def encode_mark(mark: Mark) -> bytes:
    """Build the value of a mark."""
    return msgspec.json.encode(mark)


def later(one: Ends, other: Ends) -> dict[str, int]:
    """Take the later of two cuts, topic by topic: whoever writes ticks, a cut only goes forward."""
    ends = dict(one)
    for topic, end in other.items():
        if end > ends.get(topic, 0):
            ends[topic] = end
    return ends
