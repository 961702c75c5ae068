"""Records of the control topics: one object a key, and a tombstone that takes it back where a topic keeps the last."""

from functools import reduce
from operator import or_
from typing import Any

from msgspec.json import Decoder

from streams.telemetry import control
from streams.telemetry.control import Control, Forget, Record
from streams.telemetry.explain import explain
from streams.telemetry.refusal import MOST_BYTES, UNREADABLE, Refusal, out_of_bounds, text_of, wrong_key
from streams.telemetry.slices import SPACE

KINDS: dict[str, tuple[Any, ...]] = {
    control.SITES: (control.SiteProfile,),
    control.MAINTENANCE: (control.Maintenance,),
    control.ITEMS: (control.Item,),
    control.VERDICTS: (control.Verdict,),
    control.ACTIONS: (control.Action, control.Confirmation),
    control.WATCHLIST: (control.Watch,),
}
KEYS = {
    control.SITES: "site",
    control.MAINTENANCE: "id",
    control.ITEMS: "epc",
    control.VERDICTS: "site",
    control.ACTIONS: "site",
    control.WATCHLIST: "value",
}
KEPT = (control.ACTIONS,)
"""Topics on which every record counts: there is nothing to take back."""
TYPES: dict[str, dict[str, Any]] = {
    topic: {str(kind.__struct_config__.tag): kind for kind in kinds} for topic, kinds in KINDS.items()
}
TOPIC_OF = {tag: topic for topic, types in TYPES.items() for tag in types}

_readers: dict[str, Decoder[Record]] = {topic: Decoder(reduce(or_, kinds)) for topic, kinds in KINDS.items()}


def decode_control(topic: str, key: bytes | None, value: bytes | None) -> Control | Refusal | None:
    """Read one record of a control topic.

    Nothing in a record's bytes makes this raise; a topic that is none of control's raises KeyError.

    Returns
    -------
    What was said, `Forget` for a tombstone, None for an empty array, or why the record is refused.
    """
    field = KEYS[topic]
    name = text_of(key)
    if not name:
        return wrong_key(key, field, "", value or b"")
    if value is None or value.strip(SPACE) == b"null":
        return Forget(topic, name) if topic not in KEPT else out_of_bounds(None)
    if not value.strip(SPACE) or len(value) > MOST_BYTES:
        return out_of_bounds(value)
    if value.strip(SPACE).replace(b" ", b"") == b"[]":
        return None
    try:
        value.decode()
        said = _readers[topic].decode(value)
    except UNREADABLE as error:
        return explain(value, TYPES[topic], TOPIC_OF, error)
    own = str(getattr(said, field))
    return said if own == name else wrong_key(key, field, own, value)
