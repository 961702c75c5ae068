"""How often ticks come."""

from streams.worker.tempo import BUSY, EASY, SLOWEST, Tempo


def test_a_busy_worker_ticks_less_often_and_an_idle_one_as_often_as_it_may() -> None:
    tempo = Tempo(0.1)
    seen = []
    for share in (0.0, BUSY + 0.1, BUSY + 0.1, BUSY + 0.1, 1.0, 1.0, (EASY + BUSY) / 2, 0.1, 0.1, 0.1, 0.1, 0.1):
        tempo.adapt(share)
        seen.append(tempo.interval)
    assert seen == [0.1, 0.2, 0.4, 0.8, SLOWEST, SLOWEST, SLOWEST, 0.5, 0.25, 0.125, 0.1, 0.1]


def test_who_asks_for_slow_ticks_gets_no_quicker_ones() -> None:
    tempo = Tempo(5.0)
    tempo.adapt(1.0)
    assert tempo.interval == 5.0
