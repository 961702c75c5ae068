"""Sorts of forgery: what one site writes to be taken for another, or for what it is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tests.sites.log import Place

Record = tuple[bytes | None, bytes]
"""Key, value."""
Forgery = Callable[[int], Record]
encode = msgspec.json.encode


def forgeries(own: Place, other: str) -> dict[str, Forgery]:
    """Make records of a site's own topic: it tries to be heard as another, or at another time, or to be misread."""
    me, you = own.site.encode(), other.encode()

    def honest(number: int, **fields: Any) -> bytes:
        return encode(own.reading("forged", sequence=number, **fields))

    def theirs(number: int, spelt: bytes = you) -> bytes:
        return honest(number).replace(b'"site":"%b"' % me, b'"site":"%b"' % spelt)

    old = datetime.now(UTC) - timedelta(days=8)
    escaped = b"".join(b"\\u%04x" % letter for letter in you)
    return {
        "another's name": lambda n: (me, theirs(n)),
        "another's name and key": lambda n: (you, theirs(n)),
        "another's key": lambda n: (you, honest(n)),
        "no key": lambda n: (None, theirs(n)),
        "no key, own name": lambda n: (None, honest(n)),
        "a batch of another's": lambda n: (me, b"[%b,%b]" % (theirs(n), theirs(n + 1))),
        "the name twice": lambda n: (me, honest(n)[:-1] + b',"site":"%b"}' % you),
        "the name escaped": lambda n: (me, theirs(n, escaped)),
        "the name with a line feed": lambda n: (me, theirs(n, you + b"\\n")),
        "the name in lower case": lambda n: (me, theirs(n, you.lower())),
        "the name as a list": lambda n: (me, honest(n).replace(b'"site":"%b"' % me, b'"site":["%b","%b"]' % (me, you))),
        "a batch in a batch": lambda n: (me, b"[[%b]]" % theirs(n)),
        "too large a batch": lambda n: (me, b"[%b]" % b",".join([theirs(n)] * 1001)) if n % 100 == 0 else (me, b"[["),
        "bytes that are no text": lambda n: (me, theirs(n)[:-1] + b',"x":"\xff"}'),
        "half an object": lambda n: (me, theirs(n)[: n % 60 + 1]),
        "of a control topic": lambda n: (me, encode({"type": "site.profile", "site": other})),
        "a verdict": lambda n: (me, encode({"type": "incident.verdict", "site": other, "incident": f"inc-{n}"})),
        "last week's": lambda n: (me, honest(n, time=old)),
        "tomorrow's": lambda n: (me, honest(n, time=datetime.now(UTC) + timedelta(days=1.1))),
    }
