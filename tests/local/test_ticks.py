from streams.local.ticks import LONGEST, Cuts
from streams.worker.clock import CONTROLS, TELEMETRY

POWER, ALARM = TELEMETRY[:2]
SITES = CONTROLS[0]


def cuts(partitions: int = 2) -> Cuts:
    ends = {(topic, partition): 10 for topic in TELEMETRY for partition in range(partitions)}
    return Cuts(ends | {(topic, 0): 5 for topic in CONTROLS}, partitions)


def test_a_second_is_cut_once_all_of_it_is_delivered_and_not_before() -> None:
    track = cuts()
    track.sent(100)
    track.sent(100)
    track.delivered(100, POWER, 0, 10)
    assert track.ready(101) == []
    track.delivered(100, ALARM, 0, 10)
    assert track.ready(100) == []
    (partition, tick), _ = track.ready(101)
    assert (partition, tick.time, tick.ends[POWER], tick.ends[ALARM], tick.ends[SITES]) == (0, 100, 11, 11, 5)
    assert not track.waiting


def test_a_later_report_that_comes_first_does_not_leak_into_an_earlier_cut() -> None:
    track = cuts(1)
    track.sent(100)
    track.sent(101)
    track.delivered(101, POWER, 0, 11)
    assert track.ready(200) == []
    track.delivered(100, POWER, 0, 10)
    assert [tick.ends[POWER] for _, tick in track.ready(200)] == [11, 12]


def test_a_tick_after_the_first_names_only_what_moved() -> None:
    track = cuts(1)
    for second in (100, 101):
        track.sent(second)
        track.delivered(second, POWER, 0, second - 90)
    first, then = (tick for _, tick in track.ready(200))
    assert set(first.ends) == {*TELEMETRY, *CONTROLS}
    assert then.ends == {POWER: 12}


def test_partitions_without_records_tick_now_and_then_and_at_once_for_a_control_record() -> None:
    track = cuts(2)
    for second in (100, 101, 100 + LONGEST):
        track.sent(second)
        track.delivered(second, POWER, 0, second)
    ticked = [(partition, tick.time) for partition, tick in track.ready(1000)]
    assert ticked == [(0, 100), (1, 100), (0, 101), (0, 100 + LONGEST), (1, 100 + LONGEST)]
    track.sent(161)
    track.delivered(161, SITES, 0, 5)
    assert [(partition, tick.ends) for partition, tick in track.ready(1000)] == [(0, {SITES: 6}), (1, {SITES: 6})]


def test_a_pause_ticks_every_partition() -> None:
    track = cuts(3)
    track.pause(100)
    assert [partition for partition, _ in track.ready(101)] == [0, 1, 2]
