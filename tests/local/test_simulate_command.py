import json
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from streams.cli.simulate import command
from streams.settings import Settings
from streams.telemetry.recording import read
from streams.topics import ensure


def tocsin(*words: object) -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_it_writes_a_recording_and_its_labels(tmp_path: Path) -> None:
    out, labels = tmp_path / "three.ndjson.gz", tmp_path / "labels.json"
    done = tocsin("--sites", 2, "--days", 2, "--scenario", "blackout", "--out", out, "--labels", labels)
    assert done.exit_code == 0, done.output
    (label,) = json.loads(labels.read_text())
    assert (label["site"], label["name"], label["kind"], label["page"]) == ("FR-95-ROISSY", "blackout", "benign", False)
    assert {line.key for line in read(out)} >= {b"FR-95-ROISSY", b"GB-LEI-MAGNA"}
    assert "blackout at FR-95-ROISSY" in done.output


def test_it_lists_the_scenarios() -> None:
    assert "reference-night" in tocsin("--list").output


def test_it_says_what_it_needs(tmp_path: Path) -> None:
    assert "--out FILE" in tocsin().output
    assert tocsin("--out", tmp_path / "x.ndjson", "--scenario", "no-such").exit_code == 2


def test_it_plays_a_recording_into_kafka(tmp_path: Path, kafka: str) -> None:
    ensure(Settings(brokers=kafka))
    out = tmp_path / "one.ndjson"
    assert tocsin("--sites", 1, "--days", 1, "--out", out).exit_code == 0
    done = tocsin("--from", out, "--play", "--brokers", kafka, "--speed", 0)
    assert done.exit_code == 0, done.output
    assert f"{sum(1 for _ in read(out)):,} records" in done.output
