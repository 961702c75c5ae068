"""`tocsin publish`: files and pipes as a site would have them."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from streams.sites.rows import ndjson, table
from tests.sites.log import Place

ROOT = Path(__file__).parents[2]


def tocsin(*arguments: object, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streams", "publish", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, env=os.environ | environment, timeout=90)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def test_csv_becomes_objects_and_the_account_names_lines_and_reasons(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "meters.csv"
    file.write_text(
        "device,time,feed,voltage,frequency,load,comment\n"
        f"meter-a,{now()},grid-a,231.5,50,,\n"
        f'meter-a,{now()},grid-a,"231,5",50,,a decimal comma\n'
        "\n"
        f"meter-b,{now()},grid-b,0,0,12000,\n"
        f"meter-b,{now()},grid-c,230,50,12000,\n"
        f"meter-b,{now()},grid-b,230\n",
        "utf-8-sig",
    )
    rejects = tmp_path / "rejects.ndjson"
    ran = tocsin(
        "--site", place.site, file, "--set", "type=power.reading", "--brokers", place.brokers, "--refused", rejects
    )
    said = ran.stderr.decode()
    assert ran.returncode == 1, said
    assert f"2 objects of {place.site} published to in.{place.site}, 3 refused" in said
    assert '1 × `voltage` must be a number from 0 to 1,000, got "231,5" (line 3)' in said
    assert '1 × `feed` must be one of generator, grid-a, grid-b, ups, got "grid-c" (line 6)' in said
    assert "1 × 4 cells, the first line names 7 fields (line 7)" in said
    assert [one["line"] for one in map(json.loads, rejects.read_text().splitlines())] == [7, 3, 6]
    first, second = place.read(2)
    assert (first["voltage"], first["frequency"], first.get("load"), second["load"]) == (231.5, 50, None, 12000)


def test_a_pipe_arrives_while_it_is_open(place: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streams", "publish", "--site", place.site, "-", "--spool", str(tmp_path)]
    process = subprocess.Popen(
        [*command, "--topic", place.topic, "--brokers", place.brokers],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(place.reading()) + b"\n")
    process.stdin.flush()
    assert len(place.read(1)) == 1
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"1 objects" in said and b"before it was stopped" in said


def test_without_kafka_everything_waits_in_the_spool(place: Place, tmp_path: Path) -> None:
    lines = b"".join(msgspec.json.encode(place.reading()) + b"\n" for _ in range(50))
    away = tocsin("--site", place.site, "--spool", tmp_path, "--brokers", "127.0.0.1:9", "--wait", 0.5, stdin=lines)
    assert away.returncode == 2
    assert f"say --topic in.{place.site} and --spool FOLDER" in away.stderr.decode()
    known = ("--site", place.site, "--spool", tmp_path, "--topic", place.topic)
    away = tocsin(*known, "--brokers", "127.0.0.1:9", "--wait", 0.5, stdin=lines)
    assert away.returncode == 1
    assert "50 did not get to Kafka" in away.stderr.decode()
    assert "they are in the spool" in away.stderr.decode()
    assert tocsin(*known, "--brokers", place.brokers).returncode == 0
    assert [one["sequence"] for one in place.read(50)] == list(range(50))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--site", "dugny", "-"], "`dugny` is no site id"),
        (["--site", "DUGNY", "-", "--set", "type"], "--set type: expected FIELD=VALUE"),
        (["--site", "DUGNY", "-", "--format", "xml"], "--format xml: there are ndjson, csv"),
        (["--site", "DUGNY", "/nowhere.csv"], "No such file"),
        (["--site", "DUGNY", "-", "--format", "csv"], "the first line must name the fields"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], complaint: str, site_kafka: str) -> None:
    ran = tocsin(*arguments, "--brokers", site_kafka)
    assert ran.returncode == 2, ran
    assert complaint in " ".join(ran.stderr.decode().split())


def test_cells_are_read_as_the_object_has_them() -> None:
    lines = [
        b"type,device,connected,plates,status,code\r\n",
        b"camera.status,007,TRUE,,,\n",
        b"shipment.planned,wms,,AB-1; CD-2,,\n",
        b'power.status,ups,,,"[""OL"",""CHRG""]",\n',
        b"alarm.signal,panel,,,,12\n",
        b'nonsense,x,,,,"two\n',
        b'lines"\n',
    ]
    rows = list(table(lines, {"site": "DUGNY"}))
    assert [row.line for row in rows] == [2, 3, 4, 5, 7]
    objects = [row.given for row in rows]
    assert all(isinstance(one, dict) and one["site"] == "DUGNY" for one in objects)
    assert [
        {k: v for k, v in one.items() if k not in ("site", "type")} for one in objects if isinstance(one, dict)
    ] == [
        {"device": "007", "connected": True},
        {"device": "wms", "plates": ["AB-1", "CD-2"]},
        {"device": "ups", "status": ["OL", "CHRG"]},
        {"device": "panel", "code": "12"},
        {"device": "x", "code": "two\nlines"},
    ]


def test_lines_keep_their_bytes_unless_something_is_filled_in() -> None:
    whole, bare = b'{"site":"A",  "voltage": 230.0}', b'{"voltage":1}'
    rows = list(ndjson([whole + b"\n", b"\n", bare, b"\xff"], {"site": "DUGNY"}))
    assert [row.given for row in rows] == [whole, {"site": "DUGNY", "voltage": 1}, b"\xff"]
    assert [row.line for row in rows] == [1, 3, 4]


def test_a_large_file_goes_through_quickly(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "many.ndjson"
    file.write_bytes(b"".join(msgspec.json.encode(place.reading(f"m{n % 9}")) + b"\n" for n in range(50_000)))
    began = time.monotonic()
    ran = tocsin("--site", place.site, file, "--brokers", place.brokers)
    assert ran.returncode == 0, ran.stderr
    assert time.monotonic() - began < 30
    assert len(place.read(50_000)) == 50_000


def test_a_kafka_without_access_control_lets_no_site_be_added(site_kafka: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streams", "sites", "add", "FR-98-NONE", "--folder", str(tmp_path)]
    environment = os.environ | {"TOCSIN_BROKERS": site_kafka}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=90)
    assert ran.returncode == 1
    assert "has no access control: `tocsin broker --secure` runs one that has" in " ".join(ran.stderr.split())
    assert not list(tmp_path.iterdir()), "no password was made, and none is left"
