"""What tutorials lead to: JSON to dicts, and river's half-space trees for each device, event by event."""

import json
from typing import Any

from river import anomaly, compose, preprocessing

APART = ("sequence",)
NOTABLE = 0.95


def make() -> compose.Pipeline:
    """Make a device's model, as the example in river's documentation has it."""
    trees = anomaly.HalfSpaceTrees(n_trees=5, height=3, window_size=3, seed=42)
    return compose.Pipeline(preprocessing.MinMaxScaler(), trees)


def judge(model: compose.Pipeline, event: dict[str, Any]) -> bool:
    """Score an event's numbers, then learn them."""
    numbers = {name: value for name, value in event.items() if type(value) in (int, float) and name not in APART}
    if not numbers:
        return False  # trees cannot be made of nothing
    notable: bool = model.score_one(numbers) > NOTABLE
    model.learn_one(numbers)
    return notable


def told(value: bytes | None) -> dict[str, Any] | None:
    """Read an object; None for what is none."""
    try:
        event = json.loads(value or b"")
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("device"), str) else None
