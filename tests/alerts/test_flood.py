"""Which pages go out alone, and when the others are told."""

import random
from itertools import pairwise

from streams.alerts.flood import Flood, Page

MINUTE = 60.0


def pages(*numbers: int) -> list[Page]:
    return [(f"i-{number}", "1") for number in numbers]


def flooded(count: int = 10) -> Flood:
    flood = Flood(3, 10 * MINUTE)
    for page in pages(*range(count)):
        flood.take(page, 0.0)
    flood.release(0.0)
    return flood


def test_a_few_pages_go_out_at_once() -> None:
    flood = Flood(3, 10 * MINUTE)
    assert [flood.take(page, 100.0) for page in pages(1, 2, 3)] == [True, True, True]
    assert flood.release(100.0) == []
    assert flood.edition == 0


def test_pages_that_come_slowly_never_wait() -> None:
    flood = Flood(3, 10 * MINUTE)
    assert all(flood.take((f"i-{n}", "1"), n * 200.1) for n in range(100))


def test_what_comes_beyond_waits_and_is_told_together() -> None:
    flood = flooded(10)
    assert list(flood.waiting) == pages(*range(3, 10))
    assert flood.edition == 1
    assert flood.take(pages(0)[0], 5.0)
    assert not flood.take(pages(5)[0], 5.0)


def test_a_new_edition_comes_when_there_is_more_to_tell_and_not_sooner_than_a_sixth_of_the_window() -> None:
    flood = flooded()
    for second in range(1, 600):
        flood.release(float(second))
    assert flood.edition == 1
    flood = flooded()
    flood.take(pages(20)[0], 1.0)
    for second in range(1, 100):
        flood.release(float(second))
    assert flood.edition == 1
    flood.release(100.0)
    assert flood.edition == 2


def test_after_the_flood_those_that_nobody_saw_to_go_out() -> None:
    flood = flooded(10)
    for page in pages(3, 4, 5, 6):
        flood.seen_to(page)
    assert flood.release(9 * MINUTE) == []
    assert flood.release(10 * MINUTE) == pages(7, 8, 9)
    assert flood.edition == 0
    assert all(flood.take(page, 11 * MINUTE) for page in pages(7, 8, 9))
    assert flood.holds(pages(3)[0])


def test_a_long_list_waits_as_long_as_nobody_works_on_it() -> None:
    flood = flooded(20)
    assert flood.release(86_400.0) == []
    assert len(flood.waiting) == 17


def test_a_flood_that_was_seen_to_is_over_and_the_next_is_another() -> None:
    flood = flooded()
    for page in list(flood.waiting):
        flood.forget(page)
    flood.release(10.0)
    assert flood.edition == 0
    flood.take(pages(99)[0], 200.0)
    flood.release(200.0)
    assert flood.edition == 2


def test_no_window_ever_has_more_single_pages_or_editions_than_promised() -> None:
    rng = random.Random(7)
    flood, now = Flood(3, 600.0), 0.0
    alone: list[float] = []
    editions: list[float] = []
    for number in range(4000):
        now += rng.expovariate(1 / rng.choice((2.0, 60.0, 2000.0)))
        before = flood.edition
        alone += [now] * len(flood.release(now))
        if flood.edition not in (before, 0):
            editions.append(now)
        if flood.take((f"i-{number}", "1"), now):
            alone.append(now)
        for page in list(flood.waiting)[: rng.randrange(8)]:
            flood.seen_to(page)
    assert len(alone) > 100 and len(editions) > 100
    assert all(alone[n + 3] - alone[n] >= 600 for n in range(len(alone) - 3))
    assert all(later - earlier >= 100 for earlier, later in pairwise(editions))
