"""Incidents in Grafana: each annotation once, whatever happens to either side."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from streams import metrics
from streams.settings import Settings
from tests.alerts.story import START, STEP, closed, critical, incident, notifying, until
from tests.dashboards.grafana import Grafana


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    grafana = Grafana()
    yield grafana
    grafana.close()


def settings(grafana: Grafana) -> Settings:
    return Settings(grafana_url=grafana.url, grafana_token="editor-token")


def kinds(grafana: Grafana, name: str = "i-1") -> list[str]:
    return [each["tags"][-1] for each in grafana.annotations if f"incident:{name}" in each["tags"]]


def test_opened_escalated_and_closed_are_each_written_once(grafana: Grafana) -> None:
    async def night() -> None:
        async with notifying(settings(grafana)) as (_, feed):
            feed.put(incident())
            await until(lambda: kinds(grafana) == ["opened", "warning"])
            feed.put(critical(revision=2), critical(revision=3, risk=0.99))
            await until(lambda: "critical" in kinds(grafana))
            feed.put(critical(revision=4, acknowledged_by="<adiallo>"))
            await until(lambda: "acknowledged-1" in kinds(grafana))
            assert "Acknowledged by &lt;adiallo&gt;." in grafana.annotations[-1]["text"]
            feed.put(critical(revision=5, pages=2), closed(revision=6, pages=2, verdict="true_positive"))
            await until(lambda: "closed" in kinds(grafana))
        assert sorted(set(kinds(grafana))) == sorted(kinds(grafana))
        last = grafana.annotations[-1]
        assert "Verdict: true_positive" in last["text"]
        end = closed().closed
        assert end is not None
        assert last["time"] == int(end.timestamp() * 1000)

    asyncio.run(night())


def test_a_notifier_that_starts_again_repeats_nothing(grafana: Grafana) -> None:
    written = ["opened", "critical", "step-supply"]

    async def night() -> None:
        async with notifying(settings(grafana)) as (_, feed):
            feed.put(critical())
            await until(lambda: kinds(grafana) == written)
        before = list(grafana.annotations)
        async with notifying(settings(grafana), critical(), incident("i-2")):
            await until(lambda: kinds(grafana, "i-2"))
        assert kinds(grafana) == written
        assert grafana.annotations[: len(before)] == before

    asyncio.run(night())


def test_a_further_warning_is_marked(grafana: Grafana) -> None:
    async def night() -> None:
        async with notifying(settings(grafana)) as (_, feed):
            feed.put(incident(severity="warning", warnings=1), incident(revision=2, severity="warning", warnings=2))
            await until(lambda: "warning-2" in kinds(grafana))
        assert kinds(grafana) == ["opened", "warning", "warning-2"]

    asyncio.run(night())


def test_grafana_that_was_away_catches_up(grafana: Grafana) -> None:
    async def night() -> None:
        grafana.broken = True
        async with notifying(settings(grafana)) as (_, feed):
            feed.put(*(incident(f"i-{n}") for n in range(20)), critical("i-7"), closed("i-8", 4))
            await until(lambda: metrics.NOTIFIER.get_sample_value("tocsin_sink_up", {"sink": "grafana"}) == 0)
            grafana.broken = False
            await until(lambda: len({tag for each in grafana.annotations for tag in each["tags"][1:2]}) == 20)
            assert kinds(grafana, "i-7") == ["opened", "critical", "step-supply"]
            assert "closed" in kinds(grafana, "i-8")

    asyncio.run(night())


def test_markup_in_what_sites_send_is_inert(grafana: Grafana) -> None:
    async def night() -> None:
        async with notifying(settings(grafana)) as (_, feed):
            feed.put(incident(summary="<img src=x onerror=alert(1)>"))
            await until(lambda: grafana.annotations)
        assert all(each["text"].count("<") == 2 for each in grafana.annotations)  # a link, and its end

    asyncio.run(night())


def test_each_links_to_its_incident_and_steps_stand_where_they_were_first_seen(grafana: Grafana) -> None:
    sight = replace(STEP, stage="sight", time=START + timedelta(minutes=3), summary="Camera cam-7 is blind.")
    again = replace(sight, time=START + timedelta(minutes=4), summary="Camera cam-8 is blind.")

    async def night() -> None:
        async with notifying(settings(grafana)) as (_, feed):
            feed.put(critical(timeline=[STEP, sight, again]))
            await until(lambda: "step-sight" in kinds(grafana))
        assert kinds(grafana) == ["opened", "critical", "step-supply", "step-sight"]
        link = re.compile(
            r'<a href="http://127\.0\.0\.1:3000/d/tocsin-incident\?[^"<]*var-incident=i-1&amp;[^"<]*">[^<]+</a> '
        )
        assert all(link.match(each["text"]) for each in grafana.annotations)
        step = grafana.annotations[-1]
        assert step["time"] == int(sight.time.timestamp() * 1000)
        assert step["text"].endswith("Step sight.</a> FR-93-DUGNY: Camera cam-7 is blind.")

    asyncio.run(night())
