"""Objects as broken firmware, bad merges and typing mistakes make them: each is refused by the contract."""

from random import Random
from typing import Any

import msgspec

Spoilt = tuple[str, bytes]
"""Domain whose topic it lands on, and the record's value."""
JUNK = (b"null", b"true", b'""', b"17", b'"<html>502 Bad Gateway</html>"')


def spoil(rng: Random, domain: str, body: dict[str, Any]) -> Spoilt:
    """Break a valid object."""
    body = dict(body)
    match rng.randrange(8):
        case 0:
            del body[rng.choice(("device", "time", "site", "type"))]
        case 1:
            body["time"] = body["time"].rstrip("Z")
        case 2:
            body["time"] = "1970-01-01T00:00:12.000Z"
        case 3:
            body["type"] = rng.choice(("power.telemetry2", "camera", "rfid.readd"))
        case 4:
            body["device"] = rng.choice(("", 7, None))
        case 5:
            body["site"] = body["site"].lower()
        case 6:
            other = "camera" if domain != "camera" else "power"
            return other, msgspec.json.encode(body)
        case _:
            return domain, rng.choice(JUNK)
    return domain, msgspec.json.encode(body)
