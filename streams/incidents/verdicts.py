"""What analysts' verdicts teach: how far each detector is to be believed, at this site and everywhere.

The fusion is a logistic model with a weight of 1 on what each detector gives, in nats. A verdict is one more example
for it: river's gradient descent on the logistic loss moves the weights of the detectors that made the incident, the
more the surer the incident was and the wronger it turned out to be. Weights are bounded, for a thief may well do what
was a false alarm before: no verdict silences a detector.

References
----------
L. Bottou, Online learning and stochastic approximations, in On-line Learning in Neural Networks (1998).
"""

from collections.abc import Hashable, Mapping
from math import fsum, inf
from typing import NamedTuple

from detectors.state import Part
from streams.incidents.fusion import PRIOR

LEAST, MOST = 0.4, 1.25
"""Bounds of a detector's weight."""
HERE = 0.04
"""Learning rate for the site that the verdict is about."""
ANYWHERE = 0.004
"""Learning rate for all others."""
TRUTH = {"true_positive": True, "false_positive": False, "benign": False}
"""What a verdict says of the evidence; a test says nothing."""


class Lesson(NamedTuple):
    """What a verdict teaches: what each detector gave to the incident, in nats, and whether it was an attack."""

    shares: dict[str, float]
    true: bool


class Trust(Part):
    """Weights by detector, learnt from verdicts; 1 where nothing was learnt.

    Attributes
    ----------
    heard
        Arrival clock of the last verdict at another site that was learnt from, Unix seconds.
    """

    __slots__ = ("heard", "weights")

    def __init__(self) -> None:
        self.weights: dict[str, float] = {}
        self.heard = -inf

    def learn(self, shares: Mapping[str, float], true: bool, rate: float) -> None:
        """Learn from one judged incident.

        Parameters
        ----------
        shares
            What each detector gave to it, in nats.
        true
            Whether it was what it looked like.
        rate
            Learning rate.
        """
        from river import optim  # half of all that a worker would load at its start, and verdicts are rare

        weights: dict[Hashable, float] = {detector: self.of(detector) for detector in shares}
        slope = optim.losses.Log().gradient(true, PRIOR + fsum(self.of(detector) * x for detector, x in shares.items()))
        optim.SGD(rate).step(weights, {detector: slope * x for detector, x in shares.items()})
        self.weights |= {detector: min(max(float(weights[detector]), LEAST), MOST) for detector in shares}

    def of(self, detector: str) -> float:
        """Return how far a detector is to be believed."""
        return self.weights.get(detector, 1.0)
