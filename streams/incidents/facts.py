"""What sites have told each other: kept for as long as it matters, known to the others only after a while."""

from math import inf

from detectors.elsewhere import DELAY_S
from streams.incidents.model import Fact

KEEP_S = {
    "plate.seen": 6 * 3600.0,
    "grid.lost": 7 * 86400.0,
    "alert.raised": 7 * 86400.0,
    "alert.over": 7 * 86400.0,
    "verdict.given": 7 * 86400.0,
}
"""How long a fact is remembered, by kind, s."""
LONGEST_S = max(KEEP_S.values())
SWEEP_S = 1800.0


class Facts:
    """All facts, by their subject; taking one twice changes nothing.

    Attributes
    ----------
    alarmed
        Whether any site has ever told what its incident is made of; most never do.
    judged
        When the latest verdict was given at any site, Unix seconds.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[float, str, str, str, float], Fact]] = {}
        self._swept = -inf
        self.alarmed = False
        self.judged = -inf

    def __len__(self) -> int:
        return sum(map(len, self._found.values()))

    def take(self, fact: Fact) -> None:
        """Take a fact, in whatever order they come."""
        self._found.setdefault(fact.subject, {})[fact.name] = fact
        self.alarmed = self.alarmed or fact.kind == "alert.raised"
        if fact.kind == "verdict.given":
            self.judged = max(self.judged, fact.clock)

    def about(self, subject: str, clock: float) -> list[Fact]:
        """List what is known of a subject at arrival clock `clock`, by the time at which it was noticed."""
        found = self._found.get(subject)
        if found is None:
            return []
        known = [fact for fact in found.values() if clock - KEEP_S[fact.kind] <= fact.clock < clock - DELAY_S]
        return sorted(known, key=_name)

    def known(self, subject: str) -> bool:
        """Whether anything was ever noted of a subject; quick, for most subjects are unheard of."""
        return subject in self._found

    def sweep(self, clock: float) -> None:
        """Forget what nobody asks for any more from arrival clock `clock` on."""
        if clock - self._swept < SWEEP_S:
            return
        self._swept = clock
        for subject, found in list(self._found.items()):
            for name in [name for name, fact in found.items() if fact.clock < clock - KEEP_S[fact.kind]]:
                del found[name]
            if not found:
                del self._found[subject]


def _name(fact: Fact) -> tuple[float, str, str, str, float]:
    return fact.name
