import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

from streams.worker.agents import chunk
from tests.worker.road import new_site, reading


def records(*values: bytes | None, key: bytes) -> list[Any]:
    now = int(time.time() * 1000)
    return [SimpleNamespace(offset=10 * n, timestamp=now, key=key, value=value) for n, value in enumerate(values, 1)]


def test_each_arrival_is_tagged_with_the_offset_of_its_record() -> None:
    site = new_site()
    good = [reading(site, n) for n in range(3)]
    read, refused = chunk("power", records(good[0], b"{}", good[1], good[2], key=site.encode()))
    assert [arrival.event.sequence for arrival in read.arrivals] == [0, 1, 2]
    assert list(read.tags) == [10, 30, 40]
    assert [(one.offset, one.refusal.raw) for one in refused] == [(20, b"{}")]
    assert read.size == sum(map(len, good)) + 2


def test_batches_and_what_is_no_object_keep_their_offsets_too() -> None:
    site = new_site()
    batch = b"[" + reading(site, 0) + b"," + reading(site, 1) + b",{}]"
    read, refused = chunk("power", records(None, batch, b"[]", reading(site, 2), key=site.encode()))
    assert list(read.tags) == [20, 20, 40]
    assert [one.offset for one in refused] == [10, 20]
    assert list(read.offsets) == [10, 20, 30, 40]


def test_what_is_not_expected_ends_the_process_and_says_why() -> None:
    script = "from streams.worker.core import Fatal\nwith Fatal('the lane broke'): raise ValueError('of this')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 70
    assert "the lane broke" in done.stderr and "of this" in done.stderr
