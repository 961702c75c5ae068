"""Links: how they are written, hashed, signed and checked.

A link's line is its JSON with the fields in their order and no space between: the only way to write it. Its signature
covers the line with an empty signature, its hash the line whole; both under a prefix of their own.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import MsgspecError, json
from msgspec.structs import replace

from streams.telemetry.evidence import Link

NOTHING = "0" * 64
"""What the first link of a chain names as the one before."""
_PREFIX = b"\x02"
_read = json.Decoder(Link).decode


class LinkError(ValueError):
    """A line that is no link as it is written."""


def line(link: Link) -> bytes:
    """Write a link as the line that is published and kept."""
    return json.encode(link)


def read(written: bytes) -> Link:
    """Read a line; raises `LinkError` for what can't be read or could have been written otherwise."""
    try:
        link = _read(written)
    except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise LinkError(f"it is no link: {error}") from None
    if json.encode(link) != written:
        raise LinkError("it is not written as links are")
    return link


def link_hash(written: bytes) -> str:
    """Hash a line, for the next link to name."""
    return sha256(_PREFIX + written).hexdigest()


def sign(link: Link, key: Ed25519PrivateKey) -> Link:
    """Return the link with its signature."""
    bare = replace(link, signature="")
    return replace(bare, signature=key.sign(_PREFIX + json.encode(bare)).hex())


def is_signed(link: Link) -> bool:
    """Whether the signature is that of the key that the link names."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(link.key))
        key.verify(bytes.fromhex(link.signature), _PREFIX + json.encode(replace(link, signature="")))
    except (InvalidSignature, ValueError):
        return False
    return True
