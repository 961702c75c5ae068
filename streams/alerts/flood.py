"""Many pages at once: a few go out alone, the others wait and are told together. Pure; the time is always given."""

from collections import deque

Page = tuple[str, str]
"""An incident's id, and which of its pages it is: its number, or the command that the site has not carried out."""


class Flood:
    """Decides which pages go out alone.

    Within `window` seconds `most` of them do, each at once. Whatever comes beyond waits, and is told by a digest that
    has a new edition whenever more has come to wait, six in a window at the most. So a person hears of each page
    without being called for each. When none has come to wait for half a window and as few wait as may go out alone,
    those do, and the flood is over.

    Attributes
    ----------
    waiting
        Pages that wait, the longest waiting first, and since when.
    edition
        The digest's number; 0 while there is no flood.
    """

    def __init__(self, most: int, window: float) -> None:
        self._most = most
        self._window = window
        self._alone: set[Page] = set()
        self._held: set[Page] = set()
        self._times: deque[float] = deque()
        self._last = self._printed = float("-inf")
        self._editions = 0
        self._news = False
        self.waiting: dict[Page, float] = {}
        self.edition = 0

    def take(self, page: Page, now: float) -> bool:
        """Say whether this page goes out alone; the answer stays the same until it is released."""
        if page in self._alone or page in self._held:
            return page in self._alone
        if not self.waiting and self._free(now):
            self._let_out(page, now)
            return True
        self._held.add(page)
        self.waiting[page] = self._last = now
        self._news = True
        return False

    def holds(self, page: Page) -> bool:
        """Whether this page waits, or waited until somebody saw to it."""
        return page in self._held

    def seen_to(self, page: Page) -> None:
        """Somebody sees to it: it need not go out any more, whatever became of it so far stays."""
        self.waiting.pop(page, None)

    def forget(self, page: Page) -> None:
        """It is over."""
        self.seen_to(page)
        self._alone.discard(page)
        self._held.discard(page)

    def release(self, now: float) -> list[Page]:
        """Let go what may now go out alone, and bring out the digest's next edition where it is due."""
        freed: list[Page] = []
        if self.waiting and now - self._last >= self._window / 2 and len(self.waiting) <= self._free(now):
            freed = list(self.waiting)
            for page in freed:
                self.forget(page)
                self._let_out(page, now)
        if not self.waiting:
            self.edition, self._news = 0, False
        elif self._news and now - self._printed >= self._window / 6:
            self._editions += 1
            self.edition, self._printed, self._news = self._editions, now, False
        return freed

    def _free(self, now: float) -> int:
        while self._times and now - self._times[0] >= self._window:
            self._times.popleft()
        return self._most - len(self._times)

    def _let_out(self, page: Page, now: float) -> None:
        self._alone.add(page)
        self._times.append(now)
