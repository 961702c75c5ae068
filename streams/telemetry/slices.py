"""Cuts a JSON array or object into the untouched bytes of its members, even where one of them is broken."""

import re

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

SPACE = b" \t\r\n"

_array = Decoder(list[Raw])
# An open string runs to the end and is one token too, else a megabyte of quotes would take quadratic time.
_token = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{},]', re.DOTALL)


def elements(value: bytes) -> list[bytes] | None:
    """Cut an array into its elements.

    An element that is no JSON (a NaN, half a surrogate pair, a thousand nested brackets) does not take its
    neighbours with it: they are parted by the commas outside of strings and brackets.

    Returns
    -------
    The bytes of each element, or None when the value as a whole is not an array.
    """
    try:
        return [bytes(raw) for raw in _array.decode(value)]
    except (MsgspecError, RecursionError):
        return _scan(value, b"[]")


def members(value: bytes) -> dict[str, bytes] | None:
    """Cut an object into its members by name; None when the value as a whole is not an object."""
    found: dict[str, bytes] = {}
    for part in _scan(value, b"{}") or ():
        name = _token.match(part)
        if name is None or not part.startswith(b'"'):
            return None
        colon, _, rest = part[name.end() :].partition(b":")
        if colon.strip(SPACE):
            return None
        found[name.group()[1:-1].decode(errors="replace")] = rest.strip(SPACE)
    return found or None


def _scan(value: bytes, brackets: bytes) -> list[bytes] | None:
    value = value.strip(SPACE)
    if value[:1] != brackets[:1] or value[-1:] != brackets[1:] or len(value) < 2:
        return None
    depth = 0
    start = 1
    parts = []
    for token in _token.finditer(value):
        sign = token.group()
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
            if depth == 0 and token.end() < len(value):
                return None
        elif sign == b"," and depth == 1:
            parts.append(value[start : token.start()].strip(SPACE))
            start = token.end()
    parts.append(value[start:-1].strip(SPACE))
    return parts if depth == 0 and all(parts) else None
