"""The topic `evidence`: links of hash chains, in which what was measured, found, decided and done is sealed."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.telemetry.envelope import Count, Text

TOPIC = "evidence"
PLATFORM = "platform"
"""The chain of what belongs to no site; no site can be called so."""

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}(?!\n)$", description="SHA-256, hex")]
Key = Annotated[str, Meta(pattern="^[0-9a-f]{64}(?!\n)$", description="Ed25519 public key, hex")]
Signature = Annotated[str, Meta(pattern="^([0-9a-f]{128})?(?!\n)$", description="Ed25519, hex")]


class Span(Struct, frozen=True, kw_only=True):
    """Where in Kafka a link's records stood: those of this site among the offsets from `first` to before `next`."""

    topic: Text
    partition: Count
    first: Count
    next: Count
    count: Count


class Link(Struct, frozen=True, kw_only=True):
    """One sealed link of a site's hash chain: the Merkle root of a batch of records, bound to the link before."""

    version: Literal[1]
    site: Annotated[Text, Meta(description=f"the site; `{PLATFORM}` for what belongs to none")]
    number: Annotated[Count, Meta(description="0, 1, 2 … in its chain")]
    previous: Annotated[Hash, Meta(description="hash of the link before; zeros at the first")]
    time: Annotated[datetime, Meta(tz=True, description="when it was sealed")]
    count: Annotated[Count, Meta(description="records in it")]
    kept: Annotated[Count, Meta(description="how many of them, the first ones, are always kept whole")]
    root: Annotated[Hash, Meta(description="Merkle root of the records, RFC 6962")]
    since: Annotated[datetime | None, Meta(description="when Kafka got the first of the records")]
    until: Annotated[datetime | None, Meta(description="when Kafka got the last of them")]
    spans: list[Span]
    open: Annotated[list[Text], Meta(description="incidents that are open after these records")]
    whole_from: Annotated[Count | None, Meta(description="from this link on to this one, telemetry is kept whole too")]
    key: Key
    successor: Annotated[Key | None, Meta(description="the key that signs from the next link on")]
    signature: Annotated[Signature, Meta(description="of this object with an empty signature")]
