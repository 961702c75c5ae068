"""Which of an alarm panel's messages are new: DC-09 numbers run from 1 to 9999 and begin again."""

from collections import OrderedDict
from typing import Literal

Verdict = Literal["new", "again", "odd", "replay"]

RETRY_S = 120.0
"""A message that was not acknowledged is sent again within so long."""
RESTARTED = 10
"""A number below this is a panel that started anew."""
KEPT = 64
"""Messages that are remembered."""
_ROUND = 9999


class Numbering:
    """The numbers of one account.

    `new` is the next message, `again` the same once more because our answer got lost, `odd` a number that goes back
    with a content that was not seen lately, `replay` the copy of an older message.
    """

    def __init__(self) -> None:
        self.last = 0
        self._seen: OrderedDict[tuple[int, bytes], float] = OrderedDict()

    def judge(self, number: int, content: bytes, now: float) -> Verdict:
        """Judge a message; `content` is whatever stays the same when it is sent again, `now` in s."""
        before = self._seen.get((number, content))
        if before is not None and now - before <= RETRY_S:
            return "again"
        if number < RESTARTED or not self.back(number):
            return "new"
        return "odd" if before is None else "replay"

    def back(self, number: int) -> bool:
        """Whether a number repeats or falls back, and not because the count began again."""
        return number >= RESTARTED and self.last > 0 and (self.last - number) % _ROUND < _ROUND // 2

    def take(self, number: int, content: bytes, now: float) -> None:
        """Remember a message that is safe on disk."""
        self._seen[(number, content)] = now
        self._seen.move_to_end((number, content))
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        if not self.back(number):
            self.last = number
