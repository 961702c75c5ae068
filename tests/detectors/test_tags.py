"""The memory of tags: what it remembers, what it forgets, and what a snapshot of it costs."""

import msgspec

from detectors.state import dump, fill
from detectors.tags import GENERATION, MOST_GENERATIONS, Tags

FULL = GENERATION * MOST_GENERATIONS


def packed(tags: Tags) -> bytes:
    return msgspec.msgpack.encode(dump(tags))


def spread(n: int) -> int:
    """A fingerprint that looks like one."""
    return (n + 1) * 2654435761 % (1 << 32)


def test_a_chip_is_found_by_its_label_and_a_label_by_its_chip_through_snapshots() -> None:
    tags = Tags()
    for n in range(2000):
        tags.pair(spread(n), spread(10000 + n))
    for n in range(0, 2000, 2):
        tags.pair(spread(n), spread(20000 + n))
    again = Tags()
    fill(again, msgspec.msgpack.decode(packed(tags), strict=False))
    for n in range(2000):
        assert again.label(spread(n)) == spread(10000 + n + 10000 * (n % 2 == 0))
        assert again.chip(spread(20000 + n)) == (spread(n) if n % 2 == 0 else None)
    assert packed(again) == packed(tags)


def test_fingerprints_that_share_their_low_bits_are_told_apart() -> None:
    tags = Tags()
    for n in range(500):
        tags.pair(n << 16, (n << 16) + 1)
    assert all(tags.label(n << 16) == (n << 16) + 1 for n in range(500))
    assert tags.label(500 << 16) is None


def test_goods_that_stay_are_remembered_and_those_that_left_are_forgotten() -> None:
    tags = Tags()
    for n in range(5 * FULL):
        tags.pair(spread(n), spread(10**6 + n))
        if n % 1000 == 0:  # Counted now and then.
            tags.pair(spread(3), spread(10**6 + 3))
    assert tags.label(spread(3)) == spread(10**6 + 3)
    assert tags.label(spread(4)) is None
    assert FULL - GENERATION < len(tags) <= FULL


def test_reading_what_is_known_changes_no_snapshot_and_sealed_generations_never_change() -> None:
    tags = Tags()
    for n in range(3 * GENERATION):
        tags.pair(spread(n), spread(10**6 + n))
    before = packed(tags)
    for n in range(3 * GENERATION):
        tags.pair(spread(n), spread(10**6 + n))
    assert packed(tags) == before
    sealed = [generation.tobytes() for generation in tags.chips[:3]]
    tags.pair(spread(99999), 1)
    assert [generation.tobytes() for generation in tags.chips[:3]] == sealed
    assert len(before) < 8.1 * 3 * GENERATION
