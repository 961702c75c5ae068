"""Whether an incident rests on silence alone, which a fault on the way to us would explain."""

from functools import cache

from detectors.bank import catalogue
from streams.incidents.model import Incident


def only_silence(incident: Incident) -> bool:
    """Say whether all of its timeline is things that were not heard."""
    return all(step.detector in _silent() for step in incident.timeline)


@cache
def _silent() -> frozenset[str]:
    """Name the detectors that notice silence."""
    return frozenset(kind.name for kind in catalogue() if kind.sort == "silent")
