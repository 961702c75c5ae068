"""Which cameras were lately found not to see: what detectors of single cameras tell the one of their sequence."""

from detectors.state import Part

KEPT_S = 3 * 3600.0
TOGETHER_S = 600.0
"""Cameras whose pictures begin to repeat within this time repeat together, s: statuses come every few minutes."""


class Sight(Part):
    """Cameras found blind, by the time of the first finding, Unix seconds.

    Attributes
    ----------
    blind
        By camera when it was first found blind, Unix seconds, and how much that is worth, 0–1.
    news
        How often a camera was added: tells who looks whether there is anything new.
    loops
        By camera whose pictures repeat: when that was last seen, Unix seconds, how many pictures back, and the nats of
        surprise at it.
    """

    def __init__(self) -> None:
        self.blind: dict[str, tuple[float, float]] = {}
        self.news = 0
        self.loops: dict[str, tuple[float, int, float]] = {}

    def note(self, device: str, at: float, worth: float = 1.0) -> None:
        """Take a camera that was found blind at Unix seconds `at`."""
        before, worthy = self.blind.get(device, (0.0, 0.0))
        if at - before > KEPT_S or worth > worthy:
            self.blind = {name: (since, of) for name, (since, of) in self.blind.items() if at - since <= KEPT_S}
            self.blind[device] = at, worth
            self.news += 1

    def clear(self, device: str) -> None:
        """Take back what a camera only said of itself: it is over."""
        if self.blind.get(device, (0.0, 1.0))[1] < 1.0:
            del self.blind[device]

    def repeat(self, device: str, at: float, lag: int, nats: float) -> float:
        """Take a camera that shows what it showed `lag` pictures ago; returns the nats of others that do likewise."""
        self.loops = {name: loop for name, loop in self.loops.items() if at - loop[0] <= TOGETHER_S}
        self.loops[device] = at, lag, nats
        return sum(of for name, (_, back, of) in self.loops.items() if name != device and back == lag)
