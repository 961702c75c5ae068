"""The publisher: what it takes arrives, in order, once; what it does not take it names."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.local.kafka import Cluster, free_ports
from streams.settings import SettingsError
from streams.sites import Publisher, RefusedError, SpoolError
from streams.sites.publisher import PublishError
from streams.telemetry.alarm import AlarmSignal
from streams.telemetry.examples import TELEMETRY
from tests.sites.log import Place, open_site, records
from tests.worker.road import new_site

ROOT = Path(__file__).parents[2]


def nowhere() -> str:
    """An address at which no Kafka answers."""
    return f"127.0.0.1:{free_ports(1)[0]}"


def test_structs_dicts_and_json_arrive_numbered_one_up_per_device(place: Place, tmp_path: Path) -> None:
    body = msgspec.to_builtins(place.reading("b")) | {"time": "2026-01-01T00:00:00.000Z", "vendor": {"x": 1}}
    body["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    del body["sequence"]
    with Publisher(place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, heartbeat_s=0) as publisher:
        publisher.publish(place.reading("a"))
        publisher.publish(AlarmSignal(site=place.site, device="a", time=datetime.now(UTC), code="BA"))
        publisher.publish(body)
        publisher.publish(msgspec.json.encode(body) + b"\n")
        publisher.publish(msgspec.json.encode(body | {"sequence": None}).decode())
        publisher.publish(place.reading("b", sequence=100))
        publisher.publish(place.reading("b"))
        assert publisher.flush(30) == 0 == publisher.pending
        assert publisher.problem == ""
    found = place.read(7)
    assert [(one["device"], one["sequence"]) for one in found] == [
        ("a", 0), ("a", 1), ("b", 0), ("b", 1), ("b", 2), ("b", 100), ("b", 101),
    ]  # fmt: skip
    assert found[1]["code"] == "BA"
    assert found[2]["vendor"] == {"x": 1}, "what the platform does not know is passed on"


def test_numbers_go_on_after_a_restart(place: Place, tmp_path: Path) -> None:
    for _ in range(2):
        with Publisher(
            place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, heartbeat_s=0
        ) as publisher:
            publisher.publish(place.reading())
            publisher.publish(place.reading())
    assert [one["sequence"] for one in place.read(4)] == [0, 1, 2, 3]


def refused(place: Place) -> dict[str, tuple[Any, str, str]]:
    good = msgspec.json.decode(msgspec.json.encode(place.reading()))
    late = datetime.now(UTC) - timedelta(days=8)
    return {
        "another site": (good | {"site": "XX-99"}, "site", f"site {place.site} may not speak for XX-99"),
        "no site id": (good | {"site": "x y"}, "site", "must be a string that matches"),
        "too old": (place.reading(time=late), "time", "8.0 days behind its arrival"),
        "no zone": (place.reading(time=late.replace(tzinfo=None)), "time", "RFC 3339"),
        "too much": (place.reading(voltage=4000.0), "voltage", "a number from 0 to 1,000, got 4000"),
        "missing": ({k: v for k, v in good.items() if k != "feed"}, "feed", "missing field `feed`"),
        "unknown": (good | {"type": "power.magic"}, "type", "unknown type `power.magic`"),
        "list": ([good], "", "one JSON object is expected, got a list"),
        "no JSON": (b'{"type": ', "", "not JSON"),
        "no UTF-8": (msgspec.json.encode(good | {"x": "Z"}).replace(b"Z", b"\xff"), "", "not valid UTF-8"),
        "unwritable": ({"type": object()}, "", "can't be written as JSON"),
        "too long": (good | {"x": "y" * (1 << 20)}, "", "at most 1,048,576 bytes"),
    }


def test_what_is_refused_names_field_and_reason_and_leaves_nothing() -> None:
    place = Place(nowhere(), new_site())
    with Publisher(place.site, brokers=place.brokers, spool=None, heartbeat_s=0) as publisher:
        for name, (event, field, reason) in refused(place).items():
            with pytest.raises(RefusedError) as caught:
                publisher.publish(event)
            assert caught.value.field == field, name
            assert reason in caught.value.reason == str(caught.value), name
        assert publisher.pending == 0
        told: dict[int, str] = {}
        events = [b"{", *(event for event, _, _ in refused(place).values())]
        assert publisher.publish_all(events, lambda index, error: told.setdefault(index, error.reason) and None) == 0
        assert list(told) == list(range(len(events)))


def test_every_example_of_the_contract_is_taken(place: Place) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    examples = [one | {"site": place.site, "time": now} for many in TELEMETRY.values() for one in many]
    with Publisher(place.site, brokers=place.brokers, heartbeat_s=0) as publisher:
        assert publisher.publish_all(examples) == len(examples)
        assert publisher.flush() == 0
    for topic, many in TELEMETRY.items():
        assert {one["type"] for one in place.read(len(many), topic)} == {one["type"] for one in many}


def test_many_objects_share_a_record_and_none_is_too_large(place: Place, tmp_path: Path) -> None:
    large = msgspec.json.decode(msgspec.json.encode(place.reading("large")))
    events: list[Any] = [place.reading(f"m{number % 7}") for number in range(3000)]
    events[1500:1500] = [large | {"x": "y" * size} for size in (1_000_000, 100_000, 200_000, 100_000)]
    with Publisher(place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, heartbeat_s=0) as publisher:
        publisher.publish_all(events)
        assert publisher.flush() == 0
    sizes, found = [], 0
    for record in records(place.brokers, place.topic):
        if record is None:
            if found >= len(events):
                break
            continue
        value = msgspec.json.decode(record.value())
        found += len(value) if isinstance(value, list) else 1
        sizes.append(len(record.value()))
        assert record.key() == place.site.encode()
        assert not isinstance(value, list) or len(value) <= 1000
    assert found == len(events)
    assert len(sizes) < 30
    assert max(sizes) <= 1 << 20


def test_event_loops_share_the_disk(place: Place, tmp_path: Path) -> None:
    async def main() -> None:
        async with Publisher(
            place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, heartbeat_s=0
        ) as publisher:
            waiting = [asyncio.create_task(publisher.publish_async(place.reading(f"m{n % 3}"))) for n in range(300)]
            waiting[7].cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            with pytest.raises(RefusedError, match="voltage"):
                await publisher.publish_async(place.reading(voltage=-1.0))

    asyncio.run(main())
    by_device: dict[str, list[int]] = {}
    for one in place.read(299):
        by_device.setdefault(one["device"], []).append(one["sequence"])
    assert all(numbers == list(range(len(numbers))) for numbers in by_device.values())


def test_it_speaks_for_itself(place: Place) -> None:
    with Publisher(place.site, brokers=place.brokers, topic=place.topic, heartbeat_s=0.2, name="gateway"):
        beats = place.read(3)
    assert {(one["type"], one["device"], one["path"]) for one in beats} == {("alarm.heartbeat", "gateway", "ip")}


def test_a_site_lands_where_java_would_put_it(site_cluster: Cluster) -> None:
    brokers = site_cluster.bootstrap
    sites = [f"PLACED-{number}" for number in range(12)]
    site_cluster.console_producer("telemetry.rfid", [(site, b"{}") for site in sites])
    for site in sites:
        with Publisher(site, brokers=brokers, heartbeat_s=0) as publisher:
            publisher.publish(Place(brokers, site).reading())
    java, ours = (placed(brokers, topic, len(sites)) for topic in ("telemetry.rfid", "telemetry.power"))
    assert java == ours
    assert len(set(java.values())) > 1


def placed(brokers: str, topic: str, count: int) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for record in records(brokers, topic):
        if record is not None and record.key().startswith(b"PLACED-"):
            found[record.key()] = record.partition()
        elif record is None and len(found) == count:
            break
    return found


def test_without_a_spool_what_did_not_get_through_is_said() -> None:
    place = Place(nowhere(), new_site())
    publisher = Publisher(place.site, brokers=place.brokers, heartbeat_s=0)
    publisher.publish(place.reading())
    with pytest.raises(PublishError, match=r"1 objects did not get to Kafka within 0.1 s: .*"):
        publisher.close(0.1)
    publisher.close()
    with pytest.raises(SpoolError, match="closed"):
        publisher.publish(place.reading())


def test_a_missing_topic_is_told_and_waited_for(site_kafka: str, caplog: pytest.LogCaptureFixture) -> None:
    site = new_site()
    with Publisher(site, brokers=site_kafka, topic=f"in.{site}", heartbeat_s=0) as publisher:
        publisher.publish(Place(site_kafka, site).reading())
        assert publisher.flush(1) == 1
        place = open_site(site_kafka, site)
        assert publisher.flush(40) == 0
        assert len(place.read(1)) == 1


def test_a_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match="TOCSIN_BROKERS=nonsense: expected host:port"):
        Publisher("FR-93-DUGNY", brokers="nonsense")
    with pytest.raises(SettingsError, match="`dugny` is no site id"):
        Publisher("dugny")


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from streams.sites import Publisher
from tests.sites.log import Place

brokers, site, spool, start = sys.argv[1:]
place = Place(brokers, site)
with Publisher(site, brokers=brokers, spool=Path(spool), topic=place.topic, heartbeat_s=0) as publisher:
    number = int(start)
    while True:
        publisher.publish(place.reading(f"m{number % 5}", load=float(number)))
        number += 1
        print(number, flush=True)
"""


def test_what_was_taken_survives_a_kill_and_arrives_in_order(place: Place, tmp_path: Path) -> None:
    """Killed five times while it publishes, with Kafka out of reach in three of them."""
    taken: list[int] = []
    number = 0
    gone = nowhere()
    for round_ in range(5):
        brokers = gone if round_ in (1, 2, 3) else place.brokers
        command = [sys.executable, "-c", CHILD, brokers, place.site, str(tmp_path), str(number)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert process.stdout is not None
        for _ in range(100):
            number = int(process.stdout.readline())
            taken.append(number - 1)
        os.kill(process.pid, signal.SIGKILL)
        rest = [int(line) - 1 for line in process.stdout.read().splitlines()]
        process.wait()
        taken += rest
        number = (taken[-1] + 1) if taken else 0
        number += 1000  # what was published and not told is not asked for again
    with Publisher(place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, heartbeat_s=0) as publisher:
        assert publisher.flush(60) == 0
    seen: dict[tuple[str, int], float] = {}
    for one in place.read(len(taken)):
        place_of = one["device"], one["sequence"]
        assert seen.setdefault(place_of, one["load"]) == one["load"], "a number stands for one object"
    assert set(map(float, taken)) <= set(seen.values())
    by_device: dict[str, list[float]] = {}
    for (device, _), load in seen.items():
        by_device.setdefault(device, []).append(load)
    assert all(loads == sorted(loads) for loads in by_device.values())
    assert len(seen) == len(set(seen.values())) <= len(taken) + 5


def test_a_full_spool_gives_up_the_oldest_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = Place(nowhere(), new_site())
    caplog.set_level(logging.WARNING)
    publisher = Publisher(place.site, brokers=place.brokers, spool=tmp_path, spool_bytes=2 << 20, heartbeat_s=0)
    for _ in range(60):
        publisher.publish_all([place.reading() for _ in range(1000)])
    kept, lost = publisher.pending, publisher.lost
    publisher.close(0)
    assert kept + lost == 60_000
    assert 5_000 < kept < 15_000
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 16 << 20
    assert any("the spool is full (2097152 bytes)" in record.message for record in caplog.records)
    with Publisher(place.site, brokers=place.brokers, spool=tmp_path, heartbeat_s=0) as again:
        assert (again.pending, again.lost) == (kept, lost), "also what was lost is remembered"


def test_the_newest_arrive_after_a_flood(place: Place, tmp_path: Path) -> None:
    with Publisher(
        place.site, brokers=nowhere(), spool=tmp_path, topic=place.topic, spool_bytes=2 << 20, heartbeat_s=0
    ) as away:
        away.publish_all([place.reading() for _ in range(30_000)])
        lost = away.lost
        away.close(0)
    with Publisher(place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, heartbeat_s=0) as publisher:
        assert publisher.flush(30) == 0
    numbers = [one["sequence"] for one in place.read(30_000 - lost)]
    assert numbers == sorted(numbers)
    assert len(numbers) == 30_000 - lost
    assert numbers[-1] == 29_999, "the platform sees the gap in the numbers"


def test_waiting_for_room_loses_nothing(place: Place, tmp_path: Path) -> None:
    with Publisher(
        place.site, brokers=place.brokers, spool=tmp_path, topic=place.topic, spool_bytes=1 << 20, full="wait",
        heartbeat_s=0,
    ) as publisher:  # fmt: skip
        publisher.publish_all([place.reading() for _ in range(20_000)])
        assert publisher.flush(30) == 0
        assert publisher.lost == 0
    assert [one["sequence"] for one in place.read(20_000)] == list(range(20_000))
