"""What is usual at one radio device of the alarm, and how badly a heartbeat of it was hit."""

from detectors.spread import Swift
from detectors.state import Part

BROKEN, MARRED = 2, 1
TROUBLED = 0.08
"""Machines and neighbours lift the noise for hours and cost some hundredths of the packets; a jammer costs more."""


class Radio(Part):
    """What is usual at one radio device: noise and loss; how many misses of this silence were counted."""

    __slots__ = ("counted", "loss", "noise")

    def __init__(self) -> None:
        self.noise = Swift(500)
        self.loss = Swift(500)
        self.counted = 0


def hit(noise: float | None, loss: float | None, radio: Radio) -> int:
    """Whether a heartbeat came broken, or marred only, by what is usual for its radio."""
    usual = radio.noise
    louder = 0.0 if noise is None or usual.n < 5 else usual.distance(noise, 2.0)
    if loss is None:
        return BROKEN if noise is not None and louder > 4.0 and noise > usual.mean + 12.0 else 0
    lost = radio.loss
    if lost.n < 5:
        return BROKEN if loss > 0.6 else 0
    more = loss - lost.mean
    if more > TROUBLED:
        if more > max(0.1 if louder > 4.0 else 0.2, 5.0 * lost.sd):
            return BROKEN
        if louder > 2.0 and more > 3.0 * lost.sd:
            return MARRED
    return 0
