"""Lanes write their snapshots one at a time."""

from streams.worker.turn import Turn


def test_one_lane_at_a_time_has_its_turn() -> None:
    turn, first, second = Turn(), object(), object()
    assert turn.take(first) and turn.take(first)
    assert not turn.take(second)
    turn.give(second)
    assert not turn.take(second)
    turn.give(first)
    assert turn.take(second) and not turn.take(first)
