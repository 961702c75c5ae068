"""A record's bytes become typed objects; what cannot be taken becomes a refusal, each object on its own."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.json import Decoder

from streams.telemetry import alarm, camera, power, rfid, shipment
from streams.telemetry.control import Control
from streams.telemetry.decode_control import decode_control
from streams.telemetry.envelope import SITE_PATTERN, Telemetry
from streams.telemetry.explain import expectation, explain
from streams.telemetry.refusal import (
    CODES,
    MOST_BYTES,
    MOST_OBJECTS,
    UNREADABLE,
    Refusal,
    out_of_bounds,
    shown,
    text_of,
    wrong_key,
)
from streams.telemetry.slices import SPACE, elements

__all__ = [
    "CODES",
    "DOMAINS",
    "MOST_BYTES",
    "MOST_OBJECTS",
    "RANKS",
    "TOPICS",
    "Arrival",
    "Control",
    "Refusal",
    "decode",
    "decode_control",
]

DOMAINS = {"power": power, "alarm": alarm, "camera": camera, "rfid": rfid, "shipment": shipment}
TOPICS = {module.TOPIC: domain for domain, module in DOMAINS.items()}
RANKS = {domain: rank for rank, domain in enumerate(DOMAINS)}

AHEAD_S = 24 * 3600.0
BEHIND_S = 7 * 24 * 3600.0

_site = re.compile(SITE_PATTERN.encode())
_new = tuple.__new__


class Arrival(NamedTuple):
    """One valid telemetry object: its time in unix seconds to the millisecond, its domain's rank, itself."""

    time: float
    rank: int
    event: Telemetry


class Lane:
    """What is needed to read one domain's topic."""

    def __init__(self, rank: int, topic: str, events: Any) -> None:
        self.rank = rank
        self.topic = topic
        self.types: dict[str, type[Struct]] = {kind.__struct_config__.tag: kind for kind in events.__args__}
        self.one: Decoder[Telemetry] = Decoder(events)
        self.many: Decoder[list[Telemetry]] = Decoder(list[events])

    def take(self, key: bytes | None, value: bytes | None, arrival: float) -> Arrival | None:
        """Read a record that is one valid object in ASCII, as most are; None for any other, which `judge` reads."""
        if not value or len(value) > MOST_BYTES:
            return None
        try:
            event = self.one.decode(value)
        except UNREADABLE:
            return None
        if event.site != site_of(key) or not value.isascii():
            return None
        moment = event.time
        time = moment.timestamp()
        if moment.microsecond % 1000:
            time = round(time, 3)
        return _new(Arrival, (time, self.rank, event)) if -BEHIND_S <= time - arrival <= AHEAD_S else None

    def judge(self, key: bytes | None, value: bytes | None, arrival: float) -> Sequence[Arrival | Refusal]:
        """Read any record: one object or many, each of which is taken or refused."""
        bare = value.strip(SPACE) if value else b""
        if value is None or len(value) > MOST_BYTES or bare in (b"", b"null"):
            return [out_of_bounds(value)]
        parts = None
        if bare.startswith(b"["):
            batch = self._sound_batch(key, value, arrival)
            if batch is not None:
                return batch
            parts = elements(value)
        if parts is None:
            return [self._judge(key, value, arrival)]
        if len(parts) > MOST_OBJECTS:
            reason = f"a batch holds at most {MOST_OBJECTS:,} objects, got {len(parts):,}"
            return [Refusal(reason, "", value, "too_large")]
        return [self._judge(key, part, arrival) for part in parts]

    def _sound_batch(self, key: bytes | None, value: bytes, arrival: float) -> list[Arrival] | None:
        """Take a batch in which nothing is wrong; None when anything is."""
        try:
            events = self.many.decode(value)
        except UNREADABLE:
            return None
        if len(events) > MOST_OBJECTS or text_of(value) is None:
            return None
        site, rank = site_of(key), self.rank
        taken = []
        for event in events:
            moment = event.time
            time = moment.timestamp()
            if moment.microsecond % 1000:
                time = round(time, 3)
            if event.site != site or not -BEHIND_S <= time - arrival <= AHEAD_S:
                return None
            taken.append(_new(Arrival, (time, rank, event)))
        return taken

    def _judge(self, key: bytes | None, raw: bytes, arrival: float) -> Arrival | Refusal:
        """Read one object, at leisure."""
        try:
            raw.decode()
            event = self.one.decode(raw)
        except UNREADABLE as error:
            return explain(raw, self.types, TOPIC_OF, error)
        if event.site != site_of(key):
            if _site.search(event.site.encode()):
                return wrong_key(key, "site", event.site, raw)
            reason = f"`site` must be {expectation(type(event), 'site')}, got {shown(event.site)}"
            return Refusal(reason, "site", raw, "out_of_range")
        time = round(event.time.timestamp(), 3)
        late = arrival - time
        if late > BEHIND_S:
            reason = (
                f"`time` lies {late / 86400:.1f} days behind its arrival; at most {BEHIND_S / 86400:g} are accepted"
            )
            return Refusal(reason, "time", raw, "bad_time")
        if late < -AHEAD_S:
            reason = f"`time` lies {-late / 3600:.1f} h ahead of its arrival; at most {AHEAD_S / 3600:g} are accepted"
            return Refusal(reason, "time", raw, "bad_time")
        return Arrival(time, self.rank, event)


@lru_cache(maxsize=65_536)
def site_of(key: bytes | None) -> str | None:
    """Read a record's key as a site id; None when it is none."""
    return key.decode() if key is not None and _site.search(key) else None


LANES = {domain: Lane(RANKS[domain], module.TOPIC, module.Event) for domain, module in DOMAINS.items()}
TOPIC_OF = {kind: lane.topic for lane in LANES.values() for kind in lane.types}


def decode(domain: str, key: bytes | None, value: bytes | None, arrival: float) -> tuple[list[Arrival], list[Refusal]]:
    """Read one record of a domain's topic.

    Parameters
    ----------
    domain : `power`, `alarm`, `camera`, `rfid` or `shipment`.
    key, value : the record's bytes; nothing in them makes this raise.
    arrival : the record's timestamp in unix seconds, which an object's `time` is judged against.
    """
    lane = LANES[domain]
    taken = lane.take(key, value, arrival)
    if taken is not None:
        return [taken], []
    judged = lane.judge(key, value, arrival)
    return (
        [verdict for verdict in judged if isinstance(verdict, Arrival)],
        [verdict for verdict in judged if isinstance(verdict, Refusal)],
    )
