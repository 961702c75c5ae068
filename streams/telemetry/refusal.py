"""A refused object, the bounds of a record, and the words for what concerns the record rather than a field."""

from typing import Literal, NamedTuple, get_args

from msgspec import MsgspecError, Raw

MOST_OBJECTS = 1_000
MOST_BYTES = 1024 * 1024

Code = Literal[
    "empty",
    "too_large",
    "not_json",
    "wrong_key",
    "unknown_type",
    "wrong_topic",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "bad_time",
]
CODES: tuple[Code, ...] = get_args(Code)

# What msgspec raises on bytes that it cannot take.
UNREADABLE = (MsgspecError, UnicodeDecodeError, RecursionError)


class Refusal(NamedTuple):
    """One object that the platform does not take.

    `reason` is a sentence, `field` the dotted path of the field at fault (empty when it is none), `raw` the
    untouched bytes, `code` the sort of fault, from a short fixed list that can label a metric.
    """

    reason: str
    field: str
    raw: bytes
    code: Code


def out_of_bounds(value: bytes | None) -> Refusal:
    """Refuse a value that holds nothing or too much."""
    if value is not None and len(value) > MOST_BYTES:
        reason = f"a value holds at most {MOST_BYTES:,} bytes, got {len(value):,}"
        return Refusal(reason, "", value, "too_large")
    return Refusal("the record's value is empty", "", value or b"", "empty")


def wrong_key(key: bytes | None, field: str, own: str, raw: bytes) -> Refusal:
    """Refuse an object whose record goes by another key than the object's own field."""
    if not key:
        return Refusal(f"the record has no key; its key must be the object's {field}", field, raw, "wrong_key")
    reason = f"the record's key `{shown(key)}` is not the object's {field} `{shown(own)}`"
    return Refusal(reason, field, raw, "wrong_key")


def shown(raw: bytes | Raw | str) -> str:
    """Make any bytes fit for a sentence: short, on one line, printable."""
    text = raw if isinstance(raw, str) else bytes(raw).decode(errors="replace")
    text = text.strip() if len(text) <= 60 else f"{text[:59].strip()}…"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def text_of(raw: bytes | None) -> str | None:
    """Read bytes as UTF-8; None when they are not."""
    try:
        return raw.decode() if raw is not None else None
    except UnicodeDecodeError:
        return None
