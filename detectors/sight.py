"""Which cameras were lately found not to see: what detectors of single cameras tell the one of their sequence."""

from detectors.state import Part

KEPT_S = 3 * 3600.0


class Sight(Part):
    """Cameras found blind, by the time of the first finding, Unix seconds.

    Attributes
    ----------
    blind
        By camera when it was first found blind, Unix seconds, and how much that is worth, 0–1.
    news
        How often a camera was added: tells who looks whether there is anything new.
    """

    def __init__(self) -> None:
        self.blind: dict[str, tuple[float, float]] = {}
        self.news = 0

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
