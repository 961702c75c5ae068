"""Merkle trees as in RFC 6962: leaves and nodes are hashed under different prefixes: neither can pass for the other.

A record's place in a tree is proved by the hashes beside its way up to the root: some twenty for a million records.
"""

from collections.abc import Sequence
from hashlib import sha256

SIZE = 32
"""Bytes of a hash."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes, or leaves, into the one above them."""
    return sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the leaves' hashes; that of no leaves is the hash of nothing.

    An odd one out goes up a level as it is, which gives the same tree as the RFC's definition by powers of two.

    >>> root([leaf_hash(b"a")]) == leaf_hash(b"a")
    True
    """
    level = list(hashes)
    if not level:
        return sha256().digest()
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """List the hashes that, with the leaf at `index`, give the root, from the bottom up."""
    level, found = list(hashes), []
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            found.append(level[beside])
        level, index = _above(level), index // 2
    return found


def climb(leaf: bytes, index: int, count: int, beside: Sequence[bytes]) -> bytes | None:
    """Return the root to which a leaf's hash leads by its path, None where the path has the wrong length."""
    left = list(beside)
    while count > 1:
        if index ^ 1 < count:
            if not left:
                return None
            other = left.pop(0)
            leaf = node_hash(other, leaf) if index % 2 else node_hash(leaf, other)
        index, count = index // 2, (count + 1) // 2
    return None if left else leaf


def _above(level: list[bytes]) -> list[bytes]:
    above = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        above.append(level[-1])
    return above
