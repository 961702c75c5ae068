from random import Random
from typing import Any

import pytest

from streams.worker.clock import CLOCK, TELEMETRY, Tick
from streams.worker.lane import Lane, Slice
from streams.worker.strand import RECORDS
from tests.worker.log import START, Log, arrival, chunk

POWER, ALARM, CAMERA = TELEMETRY[:3]
NOTHING: dict[str, int] = {}


def sliced(log: Log, order: Random) -> list[Slice]:
    """Feed a lane in some interleaving of fetches and ticks, and cut whenever it happens to suit."""
    lane = Lane(float("-inf"), {}, {})
    feeds: list[tuple[str, Any]] = [(topic, log.fetches(topic, 0)) for topic in TELEMETRY]
    feeds.append((CLOCK, iter(log.ticks)))
    slices: list[Slice] = []
    while feeds:
        topic, feed = order.choice(feeds)
        piece = next(feed, None)
        if piece is None:
            feeds.remove((topic, feed))
        elif topic == CLOCK:
            lane.tick(piece, 0)
        else:
            lane.receive(topic, piece[0], piece[1], log.ends[topic])
        if order.random() < 0.3:
            slices += iter(lambda: lane.next(NOTHING), None)
    return slices + list(iter(lambda: lane.next(NOTHING), None))


@pytest.mark.parametrize("seed", range(20))
def test_slices_are_equal_whatever_the_interleaving(seed: int) -> None:
    expected = sliced(Log(seed), Random(0))
    assert sum(len(piece.arrivals) for piece in expected) == len(Log(seed))
    for other in range(1, 6):
        assert sliced(Log(seed), Random(other)) == expected


def test_a_tick_waits_for_every_topic_that_it_names() -> None:
    lane = Lane(0, {}, {})
    lane.tick(Tick(START, {POWER: 1, ALARM: 1}), 1)
    lane.receive(POWER, chunk([(0, arrival("S", 0, 0))]), 1, 1)
    assert lane.next(NOTHING) is None
    lane.receive(ALARM, chunk([]), 1, 1)  # a gap: the position says that nothing is to come
    piece = lane.next(NOTHING)
    assert piece is not None and len(piece.arrivals) == 1


def test_a_tick_waits_for_the_control_topics() -> None:
    lane = Lane(0, {}, {})
    lane.tick(Tick(START, {"control.sites": 3}), 1)
    assert lane.next({"control.sites": 2}) is None
    assert lane.next({"control.sites": 3}) is not None


def test_time_and_cut_only_go_up() -> None:
    lane = Lane(0, {}, {})
    for topic in (POWER, ALARM):
        lane.receive(topic, chunk([(n, arrival("S", n, n)) for n in range(10)]), 10, 10)
    lane.tick(Tick(START + 9, {POWER: 9}), 1)
    lane.tick(Tick(START + 5, {POWER: 5, ALARM: 5}), 2)  # of a worker that does not know yet that it is none any more
    lane.tick(Tick(START + 5, {POWER: 5, ALARM: 5}), 3)
    slices = list(iter(lambda: lane.next(NOTHING), None))
    assert [(piece.time, len(piece.arrivals)) for piece in slices] == [(START + 9, 9), (START + 9, 5)]
    assert lane.clock == 3


def test_a_full_topic_is_not_fetched_unless_a_tick_that_is_here_asks_for_more() -> None:
    lane = Lane(0, {}, {})
    lane.receive(POWER, chunk([(n, arrival("S", n, n)) for n in range(RECORDS)]), RECORDS, 2 * RECORDS)
    assert lane.pressing
    assert not lane.wants(POWER)
    assert lane.wants(ALARM)
    assert lane.wants(CLOCK)
    lane.tick(Tick(START + 2 * RECORDS, {POWER: 2 * RECORDS}), 1)
    assert lane.wants(POWER)
    lane.receive(POWER, chunk([(n, arrival("S", n, n)) for n in range(RECORDS, 2 * RECORDS)]), 2 * RECORDS, 2 * RECORDS)
    assert lane.next(NOTHING) is not None
    assert lane.wants(POWER)
    assert lane.strands[POWER].size == lane.strands[POWER].records == 0


def test_a_backlog_is_ticked_in_the_order_of_its_arrival() -> None:
    lane = Lane(0, {}, {})
    now = START + 3600
    for topic in TELEMETRY:
        lane.receive(topic, chunk([]), 0, 0)
    lane.receive(POWER, chunk([(n, arrival("S", 60 * n, n)) for n in range(60)]), 60, 60)
    lane.receive(ALARM, chunk([(n, arrival("S", 2 * n, n)) for n in range(60)]), 60, 1800)
    tick = lane.propose(now, NOTHING)
    assert tick == Tick(START + 118, {POWER: 2, ALARM: 60, **dict.fromkeys(TELEMETRY[2:], 0)}, False)
    lane.tick(tick, 1)
    piece = lane.next(NOTHING)
    assert piece is not None and len(piece.arrivals) == 62
    lane.receive(ALARM, chunk([]), 1800, 1800)
    assert lane.propose(now, NOTHING) == Tick(now, {POWER: 60, ALARM: 1800, **dict.fromkeys(TELEMETRY[2:], 0)}, True)


def test_no_tick_is_proposed_before_it_is_known_where_the_topics_end() -> None:
    lane = Lane(0, {}, {})
    lane.receive(POWER, chunk([]), 0, 0)
    assert lane.propose(START, NOTHING) is None
