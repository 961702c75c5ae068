"""The shift report: what it counts, and that it finds it in real topics."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from streams.cli.report import moment
from streams.incidents.model import Finding, Incident
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.local.kafka import Cluster
from streams.report.shift import Records, Shift, tell
from streams.report.words import markdown, table
from streams.settings import Settings
from streams.telemetry.decode import decode
from streams.topics import ensure
from streams.worker.checkpoints import STATE, split
from tests.alerts.story import STEP, closed, critical, incident
from tests.worker.road import publish

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(hours=12)


def ago(**before: float) -> datetime:
    return NOW - timedelta(**before)


def paged(name: str, *at: datetime, make: Callable[..., Incident] = critical, **more: Any) -> Incident:
    first = replace(STEP, time=at[0] - timedelta(minutes=10))
    second = replace(STEP, time=at[0] - timedelta(minutes=2), domain="camera")
    return replace(make(name), pages=len(at), paged=list(at), timeline=[first, second], **more)


def finding(site: str, detector: str, at: datetime) -> Finding:
    given = {"id": "f", "site": site, "device": "d", "domain": "power", "detector": detector, "time": at}
    return msgspec.convert({**given, "score": 0.5, "summary": "s", "evidence": {}}, Finding)


def told(*incidents: Incident, **more: Any) -> Shift:
    records = Records(
        incidents={one.id: one for one in incidents}, findings=[], verdicts={}, dead_letters=Counter(), devices={}
    )
    return tell(replace(records, **more), SINCE, NOW)


def test_pages_of_the_shift_with_their_delays() -> None:
    shift = told(paged("i-1", ago(hours=3)), paged("i-2", ago(hours=20), ago(hours=4)), paged("old", ago(hours=13)))
    assert [(page.incident, page.number) for page in shift.pages] == [("i-2", 2), ("i-1", 1)]
    assert (shift.pages[1].delay_s, shift.pages[1].delay_second_domain_s) == (600, 120)
    assert (shift.delay_s, shift.delay_second_domain_s) == (600, 120), "of first pages only"


def test_verdicts_make_pages_false_whether_they_closed_the_incident_or_came_later() -> None:
    shift = told(
        paged("i-1", ago(hours=3), make=closed, verdict="benign", closed=ago(hours=1)),
        paged("i-2", ago(hours=2), make=closed, closed=ago(hours=1), site="B-2"),
        paged("i-3", ago(hours=1)),
        verdicts={"i-2": "false_positive"},
    )
    assert shift.verdicts == {"benign": 1, "false_positive": 1}
    assert shift.false_pages == 2
    assert {site.site: site.false_pages for site in shift.sites} == {"FR-93-DUGNY": 1, "B-2": 1}
    assert (shift.open_incidents, shift.unacknowledged) == (1, 1)


def test_what_is_silent_and_refused() -> None:
    shift = told(
        incident("i-9"),
        findings=[
            finding("A-1", "power.load", NOW),
            finding("A-1", "power.load", NOW),
            finding("B-2", "alarm.tamper", NOW),
        ],
        devices={"A-1": (3, 4), "B-2": (6, 6)},
        dead_letters=Counter({"telemetry.power: missing field `x`": 3}),
    )
    assert (shift.silent_devices, shift.coverage) == (1, 0.9)
    assert shift.findings == {"power.load": 2, "alarm.tamper": 1}
    words = markdown(shift)
    assert "| dead letters" in words and "| telemetry.power: missing field `x`" in words
    assert "75.0%" in words and "| silent devices" in words
    assert (
        len({line.count("|") for line in words.split("## Sites")[1].split("## Findings")[0].splitlines() if line}) == 1
    )


def test_a_quiet_shift_is_told_too() -> None:
    words = markdown(told())
    assert "pages" in words and "0, of them false 0" in words and "## Pages" not in words


def test_a_table_stays_one_whatever_stands_in_it() -> None:
    assert table(["a"], [["x|y\nz"]]).splitlines()[2] == "| x\\|y z |"


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("90m", 1.5), ("7d", 168)])
def test_since(text: str, hours: float) -> None:
    assert moment(text, NOW) == ago(hours=hours)
    assert moment(ago(hours=hours).isoformat(), NOW) == ago(hours=hours)


@pytest.mark.parametrize("text", ["", "12", "yesterday", "2026-12-04T18:00:00", "9999-01-01T00:00:00Z", "h"])
def test_a_since_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected 12h"):
        moment(text, NOW)


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    with Cluster() as cluster:
        ensure(Settings(brokers=cluster.bootstrap, partitions=2))
        yield cluster.bootstrap


def report(brokers: str, *options: str) -> "subprocess.CompletedProcess[str]":
    call = [sys.executable, "-m", "streams", "report", "--brokers", brokers, *options]
    return subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=120)


def snapshot() -> bytes:
    """The state of a site with one meter that speaks and one that has long been silent."""
    shard, start = Shard(Registry()), NOW.timestamp() - 7200
    for n in range(700):
        for device in ("meter-a", "meter-b") if n < 200 else ("meter-a",):
            at = start + 10.0 * n
            body: dict[str, object] = {"type": "power.reading", "site": "A-1", "device": device, "feed": "grid-a"}
            body |= {"voltage": 230.0, "frequency": 50.0, "time": datetime.fromtimestamp(at, UTC)}
            shard.advance(at, decode("power", b"A-1", msgspec.json.encode(body), at)[0], [])
    return split("A-1", shard.clock, {}, shard.freeze("A-1"))[0][1]


def test_the_command_finds_it_all_in_kafka(brokers: str) -> None:
    one = paged("i-1", ago(hours=1), make=closed, site="A-1", closed=ago(minutes=5))
    verdict = {"type": "incident.verdict", "incident": "i-1", "site": "A-1", "verdict": "benign", "by": "a"}
    records: list[tuple[str, bytes | None, bytes | None]] = [
        ("incidents", b"i-1", msgspec.json.encode(replace(one, revision=1, status="open", closed=None))),
        ("incidents", b"i-1", msgspec.json.encode(replace(one, revision=2))),
        ("incidents", b"gone", None),
        ("findings", b"A-1", msgspec.json.encode(finding("A-1", "power.load", ago(minutes=50)))),
        ("findings", b"A-1", msgspec.json.encode(finding("A-1", "power.load", ago(hours=30)))),
        ("control.verdicts", b"A-1", msgspec.json.encode({**verdict, "time": ago(minutes=2)})),
        (STATE, b"A-1", snapshot()),
    ]
    publish(brokers, records)
    ran = report(brokers, "--json")
    assert ran.returncode == 0, ran.stderr
    shift = json.loads(ran.stdout)
    assert [(page["incident"], page["verdict"], page["delay_s"]) for page in shift["pages"]] == [("i-1", "benign", 600)]
    assert shift["findings"] == {"power.load": 1}
    [site] = shift["sites"]
    assert (site["pages"], site["false_pages"], site["devices"], site["silent_devices"]) == (1, 1, 2, 1)
    assert shift["dead_letters"] == {}
    shown = report(brokers, "--since", "2h")
    assert shown.returncode == 0 and shown.stdout.startswith("# Shift from ") and "| A-1" in shown.stdout
    late = report(brokers, "--since", "30m")
    assert "0, of them false 0" in late.stdout and "1 benign" in late.stdout


def test_mistakes_and_a_missing_kafka_are_named(brokers: str) -> None:
    ran = report(brokers, "--since", "soon")
    assert ran.returncode == 2 and "expected 12h" in ran.stderr
    ran = report("127.0.0.1:9")
    assert ran.returncode == 1 and "Kafka does not answer" in ran.stderr and "Traceback" not in ran.stderr
