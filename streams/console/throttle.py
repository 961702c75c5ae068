"""How often a login may fail before the next has to wait."""

from collections import deque
from collections.abc import Callable

REMEMBERED = 10_000
"""Addresses or names that are remembered; beyond, the one that failed first is forgotten."""


class Throttle:
    """Refuses a key that has failed `most` times within `within_s` seconds."""

    def __init__(self, most: int, within_s: float, now: Callable[[], float]) -> None:
        self._most = most
        self._within = within_s
        self._now = now
        self._failures: dict[str, deque[float]] = {}

    def wait(self, key: str) -> float:
        """Return how many seconds the key has to wait; 0 for not at all."""
        failures = self._failures.get(key)
        if failures is None or len(failures) < self._most:
            return 0.0
        return max(0.0, failures[0] + self._within - self._now())

    def failed(self, key: str) -> None:
        """Count a failure."""
        if key not in self._failures and len(self._failures) >= REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures.setdefault(key, deque(maxlen=self._most)).append(self._now())

    def succeeded(self, key: str) -> None:
        """Forget its failures."""
        self._failures.pop(key, None)
