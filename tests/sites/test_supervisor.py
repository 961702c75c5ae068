"""Sources that die: the others go on, the fallen is started again and is seen to be silent."""

import asyncio
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from msgspec import json

from streams import metrics
from streams.incidents.backtest import Backtest
from streams.sites.configuration import Kafka, Site
from streams.sites.gateway import Gateway
from streams.sites.source import Outlet, Sends, Source
from streams.sites.sources.stdin import follow
from streams.sites.supervisor import Supervisor
from streams.telemetry.alarm import AlarmHeartbeat
from streams.telemetry.examples import TELEMETRY
from streams.telemetry.recording import Line
from streams.telemetry.refusal import MOST_BYTES

from .desk import SITE, Desk, condition


class Lamp(Source, frozen=True, kw_only=True, tag="lamp"):
    """Works until its switch is off."""

    folder: str

    def where(self) -> str:
        return self.folder

    def sends(self) -> Iterable[Sends]:
        return ()

    async def run(self, outlet: Outlet) -> None:
        while not (Path(self.folder) / f"{self.name}-off").exists():
            outlet.alive()
            await asyncio.sleep(0.01)
        raise ZeroDivisionError("the bulb broke")


def site(folder: Path, *sources: Source) -> Site:
    return Site(site=SITE, heartbeat_s=0.1, kafka=Kafka(), source=list(sources), folder=folder)


def test_a_dead_source_is_silent_and_the_others_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        desk = Desk()
        lamps = [Lamp(name=name, folder=str(tmp_path)) for name in ("left", "right")]
        gateway = Gateway(site(tmp_path, *lamps), desk)
        work = asyncio.create_task(gateway.run())
        await condition(lambda: len(desk.events) >= 4)
        assert {event.device for event in desk.events} == {"gateway-left", "gateway-right"}
        assert gateway.ready() is None
        (tmp_path / "left-off").touch()
        await condition(lambda: gateway.ready() == "silent: left")
        before = len([event for event in desk.events if event.device == "gateway-left"])
        await condition(lambda: bool(desk.events) and all(e.device == "gateway-right" for e in desk.events[-6:]))
        assert len([event for event in desk.events if event.device == "gateway-left"]) == before
        assert metrics.SOURCE_UP.labels("left")._value.get() == 0
        assert metrics.SOURCE_RESTARTS.labels("left")._value.get() >= 1
        (tmp_path / "left-off").unlink()
        await condition(lambda: gateway.ready() is None)
        work.cancel()
        await asyncio.wait([work])

    asyncio.run(story())
    (record, *_) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "left" in record.message
    assert "the bulb broke" in record.message


def test_restarts_come_ever_later_and_not_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: dict[int, list[float]] = {}

    async def story(seed: int) -> None:
        (tmp_path / "broken-off").touch()
        supervisor = Supervisor(Lamp(name="broken", folder=str(tmp_path)), SITE, tmp_path, Desk(), Random(seed))
        asleep = asyncio.sleep

        async def sleep(seconds: float) -> None:
            pauses.setdefault(seed, []).append(seconds)
            if len(pauses[seed]) == 9:
                raise asyncio.CancelledError
            await asleep(0)

        monkeypatch.setattr("streams.sites.supervisor.asyncio.sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await supervisor.run()
        monkeypatch.undo()

    for seed in (1, 2):
        asyncio.run(story(seed))
    assert pauses[1] != pauses[2]
    for drawn in pauses.values():
        for step, pause in enumerate(drawn):
            assert min(2.0**step, 60.0) / 2 <= pause <= min(2.0**step, 60.0)


def test_a_source_that_hangs_counts_as_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Supervisor(Lamp(name="hung", folder=str(tmp_path)), SITE, tmp_path, Desk())
    assert not supervisor.up
    supervisor.alive()
    assert supervisor.up
    monkeypatch.setattr("streams.sites.supervisor.PATIENCE_S", -1.0)
    assert not supervisor.up


def test_the_platform_misses_a_dead_source_and_pages_nobody(tmp_path: Path) -> None:
    """A day of three sources; one dies at night: a finding says which, and that is no page."""
    start = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
    lines: list[tuple[float, Line]] = []
    for second in range(0, 40 * 3600, 60):
        for name in ("gateway", "gateway-ups", "gateway-panel", "gateway-rfid"):
            if name == "gateway-rfid" and second > 26 * 3600:
                continue
            at = datetime.fromtimestamp(start + second, UTC)
            beat = AlarmHeartbeat(site=SITE, device=name, time=at, path="ip")
            raw = json.encode(beat)
            lines.append((start + second, Line("telemetry.alarm", SITE.encode(), raw, start + second, len(lines) + 1)))
    told = list(Backtest().run(lines))
    findings = [one["finding"] for one in told if one["event"] == "finding"]
    assert [(finding.device, finding.detector) for finding in findings] == [("gateway-rfid", "alarm.path_down")]
    assert all(one["incident"].severity != "critical" for one in told if "incident" in one)


def test_ndjson_line_by_line(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    async def story() -> int:
        desk = Desk()
        supervisor = Supervisor(Lamp(name="stdin", folder=str(tmp_path)), SITE, tmp_path, desk)
        now = supervisor.now().isoformat()
        sound = [json.encode({**one, "time": now}) for listed in TELEMETRY.values() for one in listed]
        lines = [sound[0], b"", b"not json", b"x" * (MOST_BYTES * 3), *sound[1:], b'{"type":"power.reading"}', sound[0]]
        reader = asyncio.StreamReader(limit=MOST_BYTES)
        reader.feed_data(b"\n".join(lines))
        reader.feed_eof()
        await follow(reader, supervisor)
        assert len(desk.events) == len(sound) + 1
        return len(sound)

    count = asyncio.run(story())
    told = [record.message for record in caplog.records if "refused" in record.message]
    assert {re.findall(r"line (\d+)", message)[0] for message in told} == {"3", "4", str(4 + count)}
