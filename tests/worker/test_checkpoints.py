import pytest

from streams.worker.checkpoints import MARK, Recovered, encode, mark, recover, unpack
from streams.worker.clock import CLOCK


def row(end: int, blob: bytes = b"state") -> bytes:
    return encode(float(end), {"telemetry.power": end, CLOCK: end // 10}, blob)


def marked(end: int, rows: dict[str, int]) -> bytes:
    return mark(float(end), {"telemetry.power": end, CLOCK: end // 10}, rows)


def test_a_row_reads_back() -> None:
    header, blob = unpack(row(100, b"x" * 1000))
    assert (header.time, header.serial, blob) == (100.0, 100, b"x" * 1000)


def test_nothing_is_nothing() -> None:
    assert recover({}) == Recovered()


def test_reading_goes_on_at_the_mark_and_sites_ahead_of_it_skip() -> None:
    state = recover({MARK: marked(100, {"A": 100, "B": 40}), "A": row(130), "B": row(40), "C": row(110)})
    assert (state.time, state.ends) == (100, {"telemetry.power": 100, CLOCK: 10})
    assert state.ahead == {"A": 130, "C": 110}
    assert set(state.sites) == {"A", "B", "C"}


def test_a_row_of_a_worker_that_had_lost_the_partition_is_gone_back_to() -> None:
    state = recover({MARK: marked(100, {"A": 90, "B": 100}), "A": row(60), "B": row(100)})
    assert (state.time, state.ends) == (60, {"telemetry.power": 60, CLOCK: 6})
    assert state.ahead == {"B": 100}


def test_without_a_mark_everything_is_read_again_and_rows_skip() -> None:
    state = recover({"A": row(60)})
    assert state.ends == {}
    assert state.ahead == {"A": 60}


@pytest.mark.parametrize("damage", [b"", b"junk", row(60)[:-3], row(60).replace(b"\x01\x01", b"\x01\x63", 1)])
def test_a_damaged_or_unknown_row_is_set_aside(damage: bytes) -> None:
    state = recover({MARK: marked(100, {"A": 60, "B": 100}), "A": damage, "B": row(100)})
    assert set(state.sites) == {"B"}
    assert len(state.refused) == 1 and state.refused[0].startswith("A: ")
    assert state.ends == {"telemetry.power": 100, CLOCK: 10}
