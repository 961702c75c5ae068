"""The whole road at once: what the demo shows is what the backtest answers, and every panel has something to show."""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from msgspec import json

from dashboards.catalogue import queries
from streams.incidents.backtest import Backtest
from streams.incidents.model import Finding, encode
from streams.local.demo import Demo, make_world, story
from streams.local.kafka import free_ports
from streams.local.leash import Leash
from streams.settings import Settings, librdkafka_config

pytestmark = pytest.mark.long

LONGEST = 240.0


class Watched(NamedTuple):
    """The demo after its end, everything still running; when Fleet showed it, and when the pager rang."""

    demo: Demo
    shown: float
    paged: float


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    (panel,) = [query for query in queries() if query.panel == "Critical incidents"]
    with Demo() as running:
        running.start()
        end = time.monotonic() + LONGEST
        shown = paged = 0.0
        while not running.over():
            assert time.monotonic() < end, running.stage
            time.sleep(0.2)
            shown = shown or (time.time() if asked(running, panel.expr) else 0.0)
            paged = paged or (time.time() if running.pages else 0.0)
        yield Watched(running, shown, paged)


def asked(demo: Demo, expr: str) -> float:
    """Ask what a panel of the dashboards shows."""
    assert demo.monitoring
    url = f"{demo.monitoring.prometheus.url}/api/v1/query"
    found = httpx.get(url, params={"query": expr}).json()["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


@pytest.fixture(scope="module")
def demo(watched: Watched) -> Demo:
    return watched.demo


def test_the_right_site_is_paged_and_no_other(demo: Demo) -> None:
    assert demo.paged, "prometheus and prometheus-alertmanager have to be installed"
    assert demo.caught(), (demo.pages, demo.incidents)


def test_five_seconds_after_the_finding_the_dashboards_show_it_and_ten_after_it_the_pager_rings(
    watched: Watched,
) -> None:
    demo = watched.demo
    assert demo.tail and demo.settings
    [first] = [one for one in demo.tail.first_paged.values() if one.site == demo.site]
    before = demo.tail.revisions[first.id, first.revision - 1]
    new = [step for step in first.timeline if step not in before.timeline]
    arrived = [
        when
        for found, when in findings(demo.settings)
        if found.site == demo.site
        and any((found.detector, found.device, found.time) == (step.detector, step.device, step.time) for step in new)
    ]
    assert arrived, "no finding of its own made it critical"
    assert max(arrived) < watched.shown <= max(arrived) + 5
    assert max(arrived) < watched.paged <= max(arrived) + 10


def findings(settings: Settings) -> Iterator[tuple[Finding, float]]:
    """Read every finding, and when it arrived, Unix seconds."""
    consumer = Consumer(librdkafka_config(settings, **{"group.id": "test", "enable.partition.eof": True}))
    known = consumer.list_topics("findings").topics["findings"].partitions
    places = [TopicPartition("findings", part, 0) for part in known]
    consumer.assign(places)
    left = len(places)
    while left:
        for message in consumer.consume(500, 1):
            if message.error() is None:
                yield json.decode(message.value() or b"", type=Finding), message.timestamp()[1] / 1000
            else:
                left -= 1
    consumer.close()


def test_the_page_comes_soon_after_the_second_domain_and_before_the_goods_leave(demo: Demo) -> None:
    assert demo.label and demo.tail
    [first] = [one for one in demo.tail.first_paged.values() if one.site == demo.site]
    stages = sorted(demo.label.stages)
    second = next(stage.time for stage in stages if stage.domain != stages[0].domain)
    loaded = next(stage.time for stage in stages if stage.domain == "shipment")
    assert first.updated.timestamp() - second <= 180
    assert first.updated.timestamp() < loaded


def test_stream_and_backtest_answer_the_same(demo: Demo) -> None:
    assert demo.tail
    expected = {}
    for told in Backtest().run(story(make_world())):
        if "incident" in told:
            expected[told["incident"].id, told["incident"].revision] = encode(told["incident"])
    found = {key: encode(incident) for key, incident in demo.tail.revisions.items()}
    assert found == expected


@pytest.fixture(scope="module")
def ledger(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A ledger beside the demo, which Prometheus scrapes."""
    assert demo.monitoring and demo.settings
    folder = tmp_path_factory.mktemp("ledger")
    (port,) = free_ports(1)
    ours = [sys.executable, "-m", "streams", "ledger"]
    subprocess.run([*ours, "keygen", "--key", str(folder / "key.pem")], check=True, capture_output=True)
    where = ["--folder", str(folder / "sealed"), "--key", str(folder / "key.pem"), "--brokers", demo.settings.brokers]
    leash = Leash([*ours, *where, "--port", str(port)], folder / "log")
    demo.monitoring.scrape(ledgers=[f"127.0.0.1:{port}"])
    yield
    leash.stop(20.0)


@pytest.mark.usefixtures("ledger")
def test_every_panel_has_something_to_show(demo: Demo) -> None:
    assert demo.monitoring and demo.settings
    poison = Producer(librdkafka_config(demo.settings))
    poison.produce("telemetry.power", b"not JSON", key=b"FR-95-ROISSY")
    assert poison.flush(30) == 0
    url = f"{demo.monitoring.prometheus.url}/api/v1/query"
    wanted = queries(interval="5m", site=demo.site)
    end = time.monotonic() + 60
    while empty := [
        query for query in wanted if not httpx.get(url, params={"query": query.expr}).json()["data"]["result"]
    ]:
        assert time.monotonic() < end, empty
        time.sleep(2)


@pytest.mark.usefixtures("ledger")
def test_every_process_says_that_it_is_well(demo: Demo) -> None:
    assert demo.monitoring
    url = f"{demo.monitoring.prometheus.url}/api/v1/query"
    wanted = dict.fromkeys(("tocsin-worker", "tocsin-notifier", "tocsin-ledger"), "1")
    end = time.monotonic() + 30
    while True:  # the ledger was started a moment ago
        found = httpx.get(url, params={"query": "up"}).json()["data"]["result"]
        up = {row["metric"]["job"]: row["value"][1] for row in found if row["metric"]["job"].startswith("tocsin")}
        if up == wanted:
            return
        assert time.monotonic() < end, up
        time.sleep(1)


def test_ctrl_c_leaves_nothing_behind() -> None:
    ours = subprocess.Popen(
        [sys.executable, "-m", "streams", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    time.sleep(12)
    children = _descendants(ours.pid)
    assert children
    ours.send_signal(2)
    said = ours.communicate(timeout=60)[0]
    assert ours.returncode == 130, said
    time.sleep(1)
    assert not [pid for pid in children if _alive(pid)]


def _descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(line.split()[0]): int(line.split()[1]) for line in listed.splitlines()}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")
