"""A record with its seal: where it stands in which link, and what proves that it does."""

from typing import NamedTuple

from streams.evidence.merkle import leaf_hash
from streams.evidence.record import Record
from streams.telemetry.evidence import Link


class Cited(NamedTuple):
    """A sealed record; `leaf` is its number in the link's tree."""

    link: Link
    leaf: int
    record: Record

    @property
    def seal(self) -> str:
        """Say where it is sealed."""
        return f"{self.link.site} {self.link.number}/{self.leaf}"

    @property
    def hash(self) -> str:
        """The leaf's hash."""
        return leaf_hash(self.record.leaf()).hex()
