"""What tutorials lead to: JSON to dicts, and for each number of each device one of river's scorers, event by event."""

import json
from typing import Any

from river import anomaly

APART = ("sequence",)
NOTABLE = 0.999


class Models:
    """A device's scorers, which are what its state is."""

    def __init__(self) -> None:
        self.scorers: dict[str, anomaly.GaussianScorer] = {}

    def judge(self, event: dict[str, Any]) -> bool:
        """Score each number, then learn it."""
        notable = False
        for name, value in event.items():
            if type(value) not in (int, float) or name in APART:
                continue
            scorer = self.scorers.get(name)
            if scorer is None:
                scorer = self.scorers[name] = anomaly.GaussianScorer(grace_period=100)
            notable |= scorer.score_one(None, value) > NOTABLE
            scorer.learn_one(None, value)
        return notable


def told(value: bytes | None) -> dict[str, Any] | None:
    """Read an object; None for what is none."""
    try:
        event = json.loads(value or b"")
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("device"), str) else None
