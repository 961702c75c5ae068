from random import Random

import pytest

from streams.worker.checkpoints import LIMIT, MARK, Recovered, encode, mark, recover, split, unpack
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


@pytest.mark.parametrize("damage", [b"", b"junk", row(60)[:-3], row(60).replace(b"\x02\x01", b"\x02\x63", 1)])
def test_a_damaged_or_unknown_row_is_set_aside(damage: bytes) -> None:
    state = recover({MARK: marked(100, {"A": 60, "B": 100}), "A": damage, "B": row(100)})
    assert set(state.sites) == {"B"}
    assert [(one.key, one.raw) for one in state.refused] == [("A", damage)] and state.refused[0].reason
    assert state.ends == {"telemetry.power": 100, CLOCK: 10}


LARGE = Random(1).randbytes(3 * LIMIT)


def parts(end: int, blob: bytes = LARGE) -> list[tuple[str, bytes]]:
    return split("A", float(end), {"telemetry.power": end, CLOCK: end // 10}, blob)


def test_a_state_too_large_for_a_record_goes_into_parts() -> None:
    records = parts(60)
    assert len(records) == 5 and all(len(value) < 900_000 for _, value in records)
    state = recover({MARK: marked(60, {"A": 60}), **dict(records)})
    assert (state.sites, state.parts) == ({"A": LARGE}, {"A": [key for key, _ in records[:-1]]})
    assert not state.garbage and not state.refused


@pytest.mark.parametrize("written", range(6))
def test_being_killed_between_parts_leaves_the_row_before_or_the_row_after(written: int) -> None:
    before, after = parts(60), parts(70, LARGE[::-1])
    records = dict(before) | dict(after[:written])
    state = recover({MARK: marked(60, {"A": 60}), **records})
    assert not state.refused
    assert state.sites == {"A": LARGE if written < 5 else LARGE[::-1]}
    assert state.garbage == ([] if written < 5 else [key for key, _ in before[:-1]])


@pytest.mark.parametrize("damage", ["missing", "flipped"])
def test_a_row_with_a_damaged_part_is_set_aside(damage: str) -> None:
    records = dict(parts(60))
    key = next(iter(records))
    if damage == "missing":
        del records[key]
    else:
        records[key] = records[key][:-1] + bytes([records[key][-1] ^ 1])
    state = recover({MARK: marked(60, {"A": 60}), **records})
    assert [one.key for one in state.refused] == ["A"] and not state.sites


@pytest.mark.parametrize("index", range(20))
def test_no_flipped_bit_of_a_blob_goes_unnoticed(index: int) -> None:
    value = row(60, b"state of a site " * 20)
    place = value.index(b"\x28\xb5\x2f\xfd") + index
    state = recover({"A": value[:place] + bytes([value[place] ^ 4]) + value[place + 1 :]})
    assert [one.key for one in state.refused] == ["A"]
