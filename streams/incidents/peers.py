"""What a shard asks of those who compute the other sites of a recording, apart from it."""

from typing import Protocol

from streams.incidents.model import Fact


class Peers(Protocol):
    """The other shards of a recording."""

    def tell(self, fact: Fact) -> None:
        """Let them know a fact."""
        ...

    def horizon(self, soonest: float) -> float:
        """Return how far this shard may go, Unix seconds, which does nothing before `soonest`.

        What takes effect until then is known when it returns.
        """
        ...
