"""What one site knows of the world beyond it: the registry, and what the other sites told."""

from collections.abc import Iterator, Sequence

from detectors.elsewhere import Outage, Sighting
from streams.incidents.model import Fact
from streams.incidents.registry import Registry
from streams.telemetry.control import Item

GRID = "grid"
CHAIN = "alert:chain"
VERDICT = "verdict"
CHAIN_S = 3 * 86400.0
"""How long the pattern of an attack elsewhere makes the same pattern more credible, s."""
SIMILAR = 0.35
"""Nats that an attack of the same pattern elsewhere adds."""
MOST_SIMILAR = 0.7


class View:
    """The registry as one site sees it: what alarms the others is on its watch list.

    Attributes
    ----------
    clock
        Arrival clock of what is being judged, Unix seconds; later facts are not known yet.
    """

    def __init__(self, registry: Registry, site: str) -> None:
        self.registry = registry
        self.site = site
        self.clock = 0.0

    def item(self, epc: str) -> Item | None:
        """Return the registered piece of goods with this EPC."""
        return self.registry.item(epc)

    def item_of(self, tid: str) -> Item | None:
        """Return the registered piece of goods with this chip."""
        return self.registry.item_of(tid)

    def resembling(self, plate: str, now: float) -> str | None:
        """Return a watched plate that differs from this one in a single character."""
        return self.registry.resembling(plate, now)

    def watched(self, what: str, value: str, now: float) -> str | None:
        """Return why this plate, EPC, chip or IMEI is watched at Unix seconds `now`; None if it is not."""
        listed = self.registry.watched(what, value, now)
        if listed is not None or not self.registry.facts.alarmed:
            return listed
        alerts = self._standing(f"alert:{what}:{value}")
        return f"it is part of an incident at {alerts[-1].site}" if alerts else None

    def sightings(self, plate: str) -> Sequence[Sighting]:
        """List where else this plate was seen in the last hours, the oldest first."""
        return [Sighting(fact.site, fact.time, fact.place) for fact in self._about(f"plate:{plate}")]

    def outages(self) -> Sequence[Outage]:
        """List when the grid failed at other sites in the last days, the oldest first."""
        return [Outage(one.site, one.since, one.time, one.clock, one.place) for one in self._about(GRID)]

    def similar(self, kinds: set[str], domains: dict[str, str]) -> float:
        """Nats that are added because other sites were attacked in the same way lately.

        Parameters
        ----------
        kinds
            Detectors that have a finding here.
        domains
            Each detector's domain; alike are chains that share detectors of two domains.
        """
        if len(kinds) < 2:
            return 0.0
        alike = {
            fact.site
            for fact in self._standing(CHAIN)
            if fact.clock >= self.clock - CHAIN_S and len({domains.get(name) for name in kinds & {*fact.detectors}}) > 1
        }
        return min(SIMILAR * len(alike), MOST_SIMILAR)

    def lessons(self, after: float) -> list[Fact]:
        """List the verdicts given at other sites since then (arrival clock, Unix seconds), the oldest first."""
        if self.registry.facts.judged <= after:
            return []
        return [fact for fact in self._about(VERDICT) if fact.clock > after]

    def _about(self, subject: str) -> Iterator[Fact]:
        return (fact for fact in self.registry.facts.about(subject, self.clock) if fact.site != self.site)

    def _standing(self, subject: str) -> list[Fact]:
        """List the alerts about a subject whose incident was not found to be nothing."""
        found: list[Fact] = []
        if not self.registry.facts.known(subject):
            return found
        for fact in self._about(subject):
            if fact.kind == "alert.over":
                found = [one for one in found if one.incident != fact.incident]
            else:
                found.append(fact)
        return found
