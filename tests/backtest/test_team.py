"""A recording on several processes tells what it tells on one, in the same order."""

import gzip
import subprocess
import sys
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.backtest.peers import Neighbours
from streams.backtest.team import Team, fitting
from streams.incidents.backtest import Backtest
from streams.incidents.model import Fact
from streams.telemetry.recording import Line, RecordingError, replay, writing
from tests.worker import abroad


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sites that hear of each other, records that nobody can take, and a verdict."""
    path = tmp_path_factory.mktemp("recordings") / "story.ndjson.gz"
    with writing(path) as write:
        for number, line in enumerate(abroad.lines()):
            write(line)
            if number % 50 == 7:
                write(
                    Line("telemetry.power", f"NOBODY-{number}".encode(), b'{"type": "power.reading"}', line.received, 0)
                )
                write(Line("control.items", b"x", b'{"type": 1}', line.received, 0))
    return path


def told(events: Any) -> list[bytes]:
    return [msgspec.json.encode(event) for event in events]


@pytest.mark.parametrize("processes", [2, 3])
def test_several_processes_tell_what_one_tells(recording: Path, processes: int) -> None:
    alone, team = Backtest(), Team(processes)
    expected = told(alone.run(replay([recording])))
    assert told(team.run([recording])) == expected
    for sort in (b'"finding"', b'"incident"', b'"dead_letter"'):
        assert any(sort in event for event in expected)
    assert (team.events, team.refused) == (alone.events, alone.refused)
    assert team.site_days() == pytest.approx(alone.site_days())


def test_they_fail_where_one_fails(recording: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ndjson"
    whole = gzip.decompress(recording.read_bytes())
    broken.write_bytes(whole[: len(whole) * 3 // 4])
    seen: list[list[bytes]] = []
    reasons = []
    for events in (Backtest().run(replay([broken])), Team(2).run([broken])):
        seen.append([])
        with pytest.raises(RecordingError) as caught:
            seen[-1].extend(msgspec.json.encode(event) for event in events)
        reasons.append(str(caught.value))
    assert seen[0] == seen[1] != []
    assert reasons[0] == reasons[1]


def test_slices_that_are_decoded_in_advance_change_nothing(recording: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ndjson"
    whole = gzip.decompress(recording.read_bytes())
    broken.write_bytes(whole[: len(whole) // 2])
    seen: list[list[Any]] = []
    for often in (0, 3):
        backtest, ahead = Backtest(), 0
        seen.append([])
        with pytest.raises(RecordingError, match="broken"):
            for until, events in backtest.batches(replay([broken])):
                seen[-1] += [until, told(events)]
                ahead += sum(backtest.prepare() for _ in range(often))
        assert not backtest.prepare()
        assert (ahead > 0) == (often > 0)
    assert seen[0] == seen[1] != []


def test_a_fact_that_is_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "0").touch()
    fact = Fact(subject="grid", kind="grid.lost", site="A-1", time=1.0, clock=1.0)
    whole, found = msgspec.json.encode(fact) + b"\n", list[Fact]()
    (tmp_path / "1").write_bytes(whole[:20])
    peers = Neighbours(0, [-inf, inf], tmp_path, found.append, lambda: False)
    assert peers.horizon(5.0) == inf and not found
    with (tmp_path / "1").open("ab") as file:
        file.write(whole[20:])
    peers.horizon(6.0)
    assert found == [fact]


def test_a_short_recording_is_not_worth_it(recording: Path) -> None:
    assert fitting([recording]) == 1


def test_the_command_takes_them(recording: Path) -> None:
    command = [sys.executable, "-m", "streams", "backtest", str(recording), "--findings", "--processes"]
    one, two = (subprocess.run([*command, n], capture_output=True, check=True).stdout for n in ("1", "2"))
    assert one == two != b""
