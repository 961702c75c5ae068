"""What a snapshot carries comes back as it was, by way of MessagePack."""

from array import array
from collections import deque
from typing import Any

import msgspec
import pytest
from river import stats

from detectors.state import Part, dump, fill


class Box(Part):
    __slots__ = ("_derived", "bits", "name")

    def __init__(self, name: str, bits: int) -> None:
        self.name, self.bits = name, bits
        self._derived = object()


class Tally(Part):
    __slots__ = ("count", "late", "more")

    def __init__(self) -> None:
        self.count, self.late = 0, 7.0


class Thing:
    def __init__(self) -> None:
        self.value: Any = None


def through(value: object) -> Any:
    """Dump, encode, decode and fill."""
    given, taken = Thing(), Thing()
    given.value = value
    fill(taken, msgspec.msgpack.decode(msgspec.msgpack.encode(dump(given))))
    return taken.value


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**512 - 1, 1.5, True, None, "text", b"bytes"),
        *([], [1, 2.0, "3"], [1, [2, (3, 4)]], [2**400, 1], (1, 2**64), {1, 2}, frozenset("ab")),
        *({"a": 1, "b": [2]}, {1: 2, 3: 4}, {(1, "a"): {2: (3,)}}, {}, {"a": 2**90}),
        *(deque([1, (2, 3)], 5), deque([2**80], None), array("d", [1.0, 2.0])),
    ],
)
def test_a_value_comes_back(value: object) -> None:
    found = through(value)
    assert (found, type(found)) == (value, type(value))
    assert not isinstance(value, deque) or found.maxlen == value.maxlen


def test_parts_come_back_one_by_one_and_as_a_table() -> None:
    for value in (Box("a", 2**100), [Box("b", 1)], {n: Box(str(n), 2**n) for n in range(100)}):
        found = through(value)
        mine, theirs = (
            list(v.values()) if isinstance(v, dict) else v if isinstance(v, list) else [v] for v in (value, found)
        )
        assert [(one.name, one.bits) for one in theirs] == [(one.name, one.bits) for one in mine]
    mean = stats.Mean()
    mean.update(3.0)
    assert through(mean).get() == 3.0


def test_what_an_older_snapshot_lacks_is_as_in_a_new_part() -> None:
    for value in (Tally(), {n: Tally() for n in range(3)}):
        given, taken = Thing(), Thing()
        given.value = value
        packed = msgspec.msgpack.encode(dump(given))
        assert b"late" in packed
        fill(taken, msgspec.msgpack.decode(packed.replace(b"late", b"more")))
        found = taken.value if isinstance(value, Tally) else taken.value[1]
        assert (found.late, found.more) == (7.0, 7.0)


def test_what_no_snapshot_may_carry_is_named() -> None:
    with pytest.raises(TypeError, match=r"Thing\.value holds a object"):
        through([{"a": object()}])
