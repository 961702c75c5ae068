"""What is usual for a number: two ways to learn the same."""

import random

import pytest

from detectors.spread import Spread, Swift


@pytest.mark.parametrize("length", [50, 1000])
def test_the_quick_one_learns_what_the_river_learns(length: int) -> None:
    chance = random.Random(4)
    slow, quick = Spread(length), Swift(length)
    for step in range(2600):
        x = chance.gauss(1.0e4 if step % 700 < 350 else -3.0, 0.01 + step % 7)
        slow.learn(x)
        quick.learn(x)
        assert (quick.n, quick.mean) == (slow.n, slow.mean)
        assert quick.sd == pytest.approx(slow.sd, rel=1e-12)


def test_a_constant_has_no_spread_and_one_value_neither() -> None:
    quick = Swift()
    quick.learn(7.0)
    assert (quick.mean, quick.sd) == (7.0, 0.0)
    for _ in range(100):
        quick.learn(7.0)
    assert (quick.mean, quick.sd) == (7.0, 0.0)
    assert quick.distance(9.0, floor=0.5) == 4.0
