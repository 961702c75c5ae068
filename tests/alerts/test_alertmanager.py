"""The notifier and real Alertmanagers, with a real webhook receiver at the far end."""

import asyncio
import socket
import time
from datetime import datetime
from typing import Any

import httpx

from streams import metrics
from streams.alerts.alert import UNCONFIRMED
from streams.local.monitoring import Monitoring
from streams.settings import Settings
from tests.alerts.story import Receiver, closed, critical, incident, notifying, ordered, until


def settings(*alertmanagers: str, resend: float = 30) -> Settings:
    return Settings(alertmanagers=alertmanagers, resend_s=resend)


async def active(monitoring: Monitoring) -> list[dict[str, Any]]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"{monitoring.alertmanager.url}/api/v2/alerts", params={"filter": 'alertname="SiteIncident"'}
        )
        return list(answer.json())


def value(sample: str, **labels: str) -> float:
    return metrics.NOTIFIER.get_sample_value(sample, labels) or 0.0


async def standing(monitoring: Monitoring, *expected: tuple[str, str]) -> bool:
    """Whether exactly these incidents' alerts of this severity are active."""
    alerts = [alert["labels"] for alert in await active(monitoring)]
    return sorted((labels["incident_id"], labels["severity"]) for labels in alerts) == sorted(expected)


def test_a_page_reaches_the_pager_once_and_its_end_too(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url, resend=1)) as (_, feed):
            feed.put(incident())
            (warning,) = await until(lambda: receiver.heard("shift"))
            assert warning["groupLabels"] == {"site": "FR-93-DUGNY", "incident_id": "i-1"}
            began = time.monotonic()
            feed.put(critical())
            (page,) = await until(lambda: receiver.heard("pager"))
            assert time.monotonic() - began < 10
            assert page["alerts"][0]["annotations"]["summary"].startswith("FR-93-DUGNY")
            feed.put(critical(revision=3, risk=0.99))
            taken = {"status": "acknowledged", "acknowledged_by": "adiallo"}
            feed.put(critical(revision=4, risk=0.99, **taken))
            await asyncio.sleep(3)  # several sendings, and news that is no reason to wake anybody again
            assert len(receiver.heard("pager")) == 1
            (alert,) = [a for a in await active(monitoring) if a["labels"]["severity"] == "critical"]
            assert "99%" in alert["annotations"]["description"]
            assert alert["annotations"]["acknowledged"] == "adiallo"
            feed.put(closed(revision=5))
            await until(lambda: receiver.heard("pager", "resolved"), 30)
            assert await active(monitoring) == []

    asyncio.run(night())


def test_a_site_that_does_not_do_what_it_is_told_pages_until_it_has(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url)) as (_, feed):
            feed.put(critical(commands=[ordered(overdue=False)]))
            await until(lambda: receiver.heard("pager"))
            feed.put(critical(revision=3, commands=[ordered()]))
            (page,) = await until(lambda: receiver.heard("pager", name=UNCONFIRMED))
            assert page["alerts"][0]["annotations"]["runbook_url"].endswith(f"/{UNCONFIRMED}")
            assert "lockdown" in page["alerts"][0]["annotations"]["summary"]
            feed.put(critical(revision=4, commands=[ordered(outcome="done", overdue=False)]))
            await until(lambda: receiver.heard("pager", "resolved", UNCONFIRMED), 30)
            assert len(receiver.heard("pager")) == 1

    asyncio.run(night())


def test_a_drill_pages_nobody_unless_asked_and_then_says_so(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url)) as (notifier, feed):
            feed.put(critical("quiet", drill="quiet", commands=[ordered()]))
            feed.put(critical("loud", drill="paging", commands=[ordered()]))
            (page,) = await until(lambda: receiver.heard("pager"))
            assert page["groupLabels"]["incident_id"] == "loud"
            assert page["alerts"][0]["annotations"]["summary"].startswith("DRILL, not an attack. ")
            assert list(notifier.board.incidents) == ["loud"], "no backstop rings for the other"
            assert receiver.heard("pager", name=UNCONFIRMED) == []

    asyncio.run(night())


def test_new_evidence_after_hours_pages_again(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url)) as (_, feed):
            feed.put(critical())
            await until(lambda: receiver.heard("pager"))
            feed.put(critical(revision=3, pages=2))
            await until(lambda: len(receiver.heard("pager")) == 2, 30)
            second = receiver.heard("pager")[1]["alerts"]
            assert {(a["status"], a["labels"].get("page")) for a in second} == {("resolved", None), ("firing", "2")}

    asyncio.run(night())


def test_an_alertmanager_that_was_away_catches_up_and_another_is_not_held_up(
    monitoring: Monitoring, receiver: Receiver
) -> None:
    hanging = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    mute = f"http://127.0.0.1:{hanging.getsockname()[1]}"

    async def night() -> None:
        url = monitoring.alertmanager.url
        sink = f"alertmanager {url.removeprefix('http://')}"
        async with notifying(settings(mute, url)) as (_, feed):
            feed.put(critical("i-0"))
            await until(lambda: receiver.heard("pager"), 10)
            await until(lambda: value("tocsin_sink_up", sink=sink) == 1)  # the pager may hear before its sender does
            monitoring.alertmanager.stop()
            feed.put(critical("i-1"), closed("i-0", 3))
            await until(lambda: value("tocsin_sink_up", sink=sink) == 0)
            await asyncio.to_thread(monitoring.alertmanager.start)
            await until(lambda: [m for m in receiver.heard("pager") if m["groupLabels"]["incident_id"] == "i-1"], 15)
            await until(lambda: receiver.heard("pager", "resolved"), 30)
            await until(lambda: value("tocsin_sink_up", sink=sink) == 1)
            assert value("tocsin_sink_up", sink=f"alertmanager {mute.removeprefix('http://')}") == 0
            assert value("tocsin_sink_pending", sink=f"alertmanager {mute.removeprefix('http://')}") >= 1

    asyncio.run(night())
    hanging.close()


def test_an_alertmanager_that_restarts_knows_again_and_pages_nobody_twice(
    monitoring: Monitoring, receiver: Receiver
) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url, resend=0.5)) as (_, feed):
            feed.put(critical())
            await until(lambda: receiver.heard("pager"))
            await asyncio.sleep(1)  # Alertmanager notes down a little later that it has told
            monitoring.alertmanager.stop()
            await asyncio.to_thread(monitoring.alertmanager.start)
            await until(lambda: active(monitoring), 15)
            await asyncio.sleep(2)
            assert len(receiver.heard("pager")) == 1

    asyncio.run(night())


def test_what_was_told_by_a_notifier_that_is_gone_is_ended(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        asked = settings(monitoring.alertmanager.url, resend=0.5)
        async with notifying(asked) as (_, feed):
            feed.put(critical(), critical("i-2"), critical("unread"))
            await until(lambda: len(receiver.heard("pager")) == 3)
        async with notifying(asked, critical(), closed(revision=3), incident("i-2", 3)):
            # What is not known here stays as it is.
            await until(lambda: standing(monitoring, ("i-2", "warning"), ("unread", "critical")), 30)

    asyncio.run(night())


def test_the_past_is_read_before_anything_is_told(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        past = [critical("old"), closed("old", 3), incident("new")]
        async with notifying(settings(monitoring.alertmanager.url), *past) as (notifier, _):
            await until(lambda: receiver.heard("shift"))
            assert notifier.unready() is None
            assert [alert["labels"]["incident_id"] for alert in await active(monitoring)] == ["new"]
            assert receiver.heard("pager") == []

    asyncio.run(night())


def test_an_alert_lapses_by_itself_when_the_notifier_is_gone(monitoring: Monitoring, receiver: Receiver) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url, resend=5)) as (_, feed):
            feed.put(critical())
            (alert,) = await until(lambda: active(monitoring))
        assert httpx.URL(alert["generatorURL"]).path == "/d/tocsin-incident"
        assert 595 <= datetime.fromisoformat(alert["endsAt"]).timestamp() - time.time() <= 606

    asyncio.run(night())


def test_five_hundred_incidents_are_all_carried(monitoring: Monitoring) -> None:
    async def night() -> None:
        async with notifying(settings(monitoring.alertmanager.url)) as (_, feed):
            feed.put(*(critical(f"i-{n}", site=f"S-{n % 130:03}") for n in range(500)))

            async def all_there() -> bool:
                return len(await active(monitoring)) == 500

            await until(all_there, 15)

    asyncio.run(night())
