"""MQTT, against Debian's mosquitto: JSON of a small mapping, a broker that goes and comes back."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiomqtt
import pytest
from msgspec import json

from streams.local.leash import Leash
from streams.sites.formats.mapping import MappingError, Rule, flaws, look
from streams.sites.sources.mqtt import Mqtt, Topic, event

from .desk import SITE, Desk, condition, free_port, running

MOSQUITTO = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else "")
installed = pytest.mark.skipif(not MOSQUITTO, reason="apt-get install mosquitto")

METER = Topic(
    topic="power/+/live",
    object="power.reading",
    device="meter-{1}",
    fields={
        "feed": Rule(value="grid-a"),
        "voltage": "u.v",
        "frequency": Rule(path="u.mHz", scale=0.001),
        "time": "ts",
    },
)
PIR = Topic(
    topic="alarm/#",
    object="alarm.signal",
    device="{1}",
    fields={"code": Rule(path=".", words={"OPEN": "BA", "CLOSED": "BR"}), "zone": Rule(value="door")},
)


class Broker:
    """A mosquitto with a password, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
            "user root\nautosave_on_changes true\nautosave_interval 1\n"
        )
        self.start()

    def start(self) -> None:
        self.process = Leash([MOSQUITTO, "-c", str(self._folder / "mosquitto.conf")], self._folder / "log")

    def stop(self) -> None:
        self.process.stop(5)

    async def send(self, *messages: tuple[str, Any]) -> None:
        for attempt in range(100):
            try:
                async with aiomqtt.Client("127.0.0.1", self.port) as client:
                    for topic, message in messages:
                        payload = message if isinstance(message, bytes) else json.encode(message)
                        await client.publish(topic, payload, qos=1)
                    return
            except aiomqtt.MqttError:
                assert attempt < 99, (self._folder / "log").read_text()
                await asyncio.sleep(0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    (tmp_path / "mosquitto").mkdir()
    running = Broker(tmp_path / "mosquitto")
    yield running
    running.stop()


def reading(volts: float) -> dict[str, Any]:
    return {"u": {"v": volts, "mHz": 50_010}, "ts": time.time()}


@installed
def test_messages_become_telemetry_and_a_dead_feed_a_finding(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        source = Mqtt(name="mqtt", port=broker.port, map=[METER, PIR])
        await broker.send(("warm", 1))
        async with running(source, tmp_path, desk):
            await broker.send(
                ("power/a/live", reading(231.0)),
                ("power/a/live", b"not json"),
                ("power/a/live", {"u": {"v": 4000, "mHz": 1}}),
                ("elsewhere/a", reading(1)),
                ("power/a/live", reading(0.0)),
                ("alarm/pir-3/state", b"OPEN"),
            )
            events = await desk.until(lambda events: len(events) == 3)
        assert [one.device for one in events] == ["meter-a", "meter-a", "pir-3"]
        assert events[0].frequency == pytest.approx(50.01)
        assert (events[2].code, events[2].zone) == ("BA", "door")
        assert {"power.mains_loss", "alarm.burglary"} <= {finding.detector for finding in desk.findings()}

    asyncio.run(story())


@installed
def test_a_broker_that_goes_and_comes_back_is_met_again(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        desk = Desk()
        source = Mqtt(name="mqtt", port=broker.port, map=[METER])
        await broker.send(("warm", 1))
        async with running(source, tmp_path, desk) as supervisor:
            await broker.send(("power/a/live", reading(231.0)))
            await desk.until(lambda events: len(events) == 1)
            broker.stop()
            await condition(lambda: not supervisor.up)
            broker.start()
            await broker.send(("power/a/live", reading(230.0)))
            await desk.until(lambda events: len(events) == 2)

    asyncio.run(story())


def made(payload: Any, topic: Topic = METER, name: str = "power/a/live") -> Any:
    raw = payload if isinstance(payload, bytes) else json.encode(payload)
    return event(topic, name, raw, SITE, datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"u": {"v": "many", "mHz": 1}}, "voltage"),
        ({"u": {"v": 1, "mHz": "many"}}, "frequency"),
        ({"u": {"v": 1, "mHz": 1}, "ts": "yesterday"}, "time"),
        ({"u": {"v": 1, "mHz": 1}, "ts": 1e300}, "time"),
        ({"u": {"mHz": 1}}, "voltage"),
        ([1, 2], "voltage"),
        (b"\xff", "UTF-8"),
    ],
)
def test_what_does_not_fit_names_the_field(payload: Any, field: str) -> None:
    with pytest.raises(MappingError, match=field):
        made(payload)


def test_times_words_and_paths() -> None:
    assert made({"u": {"v": "231.5", "mHz": 50_000}, "ts": 1767222000}).time.isoformat() == "2025-12-31T23:00:00+00:00"
    assert made({"u": {"v": 1, "mHz": 1}, "ts": 1767222000123}).time.microsecond == 123_000
    assert made({"u": {"v": 1, "mHz": 1}, "ts": "2026-01-01T00:00:00"}).time.isoformat() == "2025-12-31T23:00:00+00:00"
    assert made(b"CLOSED", PIR, "alarm/pir-3").code == "BR"
    assert look({"a": [{"b": 7}]}, "a.0.b") == 7
    assert look({"a.b": 7}, "a.b") == 7
    assert look({"a": [1]}, "a.9") is None


def test_a_mapping_s_faults_are_found_before_it_runs() -> None:
    assert dict(flaws("power.read", {}))["object"].startswith("must be one of power.reading")
    told = dict(flaws("power.reading", {"volts": "v", "feed": Rule(), "frequency": "f"}))
    assert "it has feed, frequency, load" in told["fields.volts"]
    assert "either path" in told["fields.feed"]
    assert "needs voltage" in told["fields"]
    assert not list(flaws("power.reading", METER.fields))
