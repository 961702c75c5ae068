"""Recordings: read in any compression, written, clocked; a broken line stops with its file and number."""

import gzip
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from streams.telemetry.decode import TOPICS, decode, decode_control
from streams.telemetry.recording import Line, RecordingError, clocked, latest_time, read, replay, writing
from streams.telemetry.refusal import Refusal
from tests.recordings import RECORDINGS, needs_recordings

from .sent import NOW, SITE, example, wire, with_literal


def line(value: bytes | None, received: float | None = None, number: int = 0) -> Line:
    return Line("telemetry.power", SITE, value, received, number)


def reading(time: str) -> bytes:
    return wire(example("power.reading", time=time))


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"night.ndjson{suffix}"
    lines = [
        line(b'{"odd" : 1.0,  "\\u00e9":[ ]}', 1796427668.25, 1),
        line(b"[]", None, 2),
        line(None, None, 3),
        line(b'"text"', None, 4),
        Line("control.items", None, b"true", 1796427669.0, 5),
        line(with_literal("power.reading", "voltage", "NaN"), 1796427669.5, 6),
        line(b'{"device":"\xff"}', None, 7),
    ]
    with writing(path) as write:
        for one in lines:
            write(one)
    assert list(read(path)) == lines
    first = path.read_bytes()
    with writing(path) as write:
        for one in lines:
            write(one)
    assert path.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_interrupted_recording_does_not_take_its_name(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "a.ndjson.zst") as write:
        write(line(b"{}"))
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_recordings_may_be_joined_after_compression(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"part{suffix}"
    with writing(path) as write:
        write(line(b"{}"))
    path.write_bytes(path.read_bytes() * 3)
    assert [one.number for one in read(path)] == [1, 2, 3]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_progress_adds_up_to_the_file_and_memory_stays_small(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"long{suffix}"
    with writing(path) as write:
        for _ in range(20_000):
            write(line(reading("2026-12-04T23:41:07.250Z")))
    seen: list[int] = []
    tracemalloc.start()
    assert sum(1 for _ in read(path, seen.append)) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(seen) == path.stat().st_size
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"topic":"t","key":"k","value":{}}\n{"topic":"t","key":"k"\n', ", line 2: "),
        (b"not json\n", ", line 1: "),
        (b'{"topic":"t","key":"k","value":{}}\n{"topic":"t","key"', ", line 2: "),
        (b'{"topic":"t","key"', ", line 1: "),
        (b'{"topic":"t","value":1}{"topic":"t","value":2}\n\n', ", line 1: "),
        (b'\n{"topic":"t",\n"value":1}\n', ", line 2: "),
        (b'{"topic":"t","key":"k"}\n', ", line 1: "),
        (b'{"topic":3,"key":"k","value":1}\n', ", line 1: "),
        (b'{"topic":"t","key":3,"value":1}\n', ", line 1: "),
        (b'{"topic":"t","key":"k","value":NaN,"received":5}\n', ", line 1: "),
        (b'{"topic":"t","key":"k","value":1,"received":"2026-12-04T23:41:07"}\n', "timezone"),
        (b"[1]\n", ", line 1: "),
    ],
)
def test_a_broken_line_stops_with_its_place(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "broken.ndjson"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r"broken\.ndjson") as caught:
        list(read(path))
    assert words in str(caught.value)
    assert "a line is" in str(caught.value)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("spoil", [lambda raw: raw[:-20], lambda raw: b"plain text\n", lambda raw: raw + b"junk"])
def test_a_damaged_file_is_said_to_be(tmp_path: Path, suffix: str, spoil: object) -> None:
    path = tmp_path / f"damaged{suffix}"
    with writing(path) as write:
        for number in range(5000):
            write(line(wire({"number": number})))
    assert callable(spoil)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(RecordingError, match="cannot be read past line"):
        list(read(path))


def test_a_missing_file_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file"):
        list(read(tmp_path / "nowhere.ndjson"))


def test_the_clock_is_the_highest_received_else_time_so_far() -> None:
    lines = [
        line(b"17"),
        line(reading("2026-12-04T23:41:08Z")),
        line(reading("2026-12-04T23:41:00Z")),
        line(reading("2026-12-04T20:00:00Z"), NOW + 5),
        line(reading("2026-12-04T23:59:00Z"), NOW + 3),
        line(b'{"time":"13/05/2026"}'),
        line(None),
        line(b"[" + reading("2026-12-04T23:41:20Z") + b"," + reading("2026-12-04T23:41:10Z") + b"]"),
        line(b'[{"time":"nonsense"},NaN,' + reading("2026-12-05T00:41:30+01:00") + b"]"),
        line(reading("2026-12-04T23:41:07")),
    ]
    assert [clock - NOW for clock, _ in clocked(lines)] == [0, 0, 0, 5, 5, 5, 5, 12, 22, 22]


def test_a_recording_without_any_time_still_has_its_lines() -> None:
    assert [clock for clock, _ in clocked([line(b"1"), line(None)])] == [0.0, 0.0]
    assert latest_time(b"[]") is None


def test_several_recordings_merge_by_their_clocks(tmp_path: Path) -> None:
    for name, seconds in (("a.ndjson", (1, 4)), ("b.ndjson.gz", (2, 3))):
        with writing(tmp_path / name) as write:
            for second in seconds:
                write(line(b"{}", NOW + second))
    merged = replay([tmp_path / "a.ndjson", tmp_path / "b.ndjson.gz"])
    assert [clock - NOW for clock, _ in merged] == [1, 2, 3, 4]


@needs_recordings
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("ordinary-week", {"missing_field": 1, "empty": 1, "out_of_range": 1, "wrong_topic": 2}),
        ("reference-night", {"unknown_type": 1, "bad_time": 2, "wrong_type": 1, "out_of_range": 1}),
    ],
)
def test_recordings_of_another_hand_hold_five_dead_letters(name: str, codes: dict[str, int]) -> None:
    found: Counter[str] = Counter()
    for clock, one in replay([RECORDINGS / name / "recording.ndjson.gz"]):
        if one.topic in TOPICS:
            found.update(refusal.code for refusal in decode(TOPICS[one.topic], one.key, one.value, clock)[1])
        else:
            assert not isinstance(decode_control(one.topic, one.key, one.value), Refusal)
    assert found == codes


def test_blank_lines_are_skipped_and_the_last_may_lack_its_end(tmp_path: Path) -> None:
    path = tmp_path / "loose.ndjson"
    path.write_bytes(b'\n{"topic":"t","value":1}\r\n  \n{"topic":"t","key":null,"value":2}')
    assert [(one.number, one.key, one.value) for one in read(path)] == [(2, None, b"1"), (4, None, b"2")]


def test_gzip_of_any_maker_is_read(tmp_path: Path) -> None:
    path = tmp_path / "made.gz"
    path.write_bytes(gzip.compress(b'{"topic":"t","key":"k","value":{}}\n'))
    assert [one.value for one in read(path)] == [b"{}"]
