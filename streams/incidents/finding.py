"""From a detector's sign to the finding that is published of it."""

from hashlib import blake2b
from typing import Any

from detectors.base import Detector, Sign
from streams.incidents.model import Finding, moment


def finding(site: str, kind: type[Detector[Any]], device: str, sign: Sign, at: float) -> Finding:
    """Name what was seen at Unix seconds `at` by its content: seen again, it is the same finding."""
    seed = f"{site}|{kind.name}|{device}|{sign.key}|{at:.3f}|{sign.score:.3f}"
    return Finding(
        id=blake2b(seed.encode(), digest_size=10).hexdigest(),
        site=site,
        device=device,
        domain=kind.domain,
        detector=kind.name,
        time=moment(at),
        score=round(sign.score, 4),
        summary=sign.summary,
        evidence=sign.evidence,
    )
