"""A flood of incidents, and a real Alertmanager between the notifier and the on-call person: ten minutes in seconds."""

import asyncio
import re
import time
from typing import Any

import httpx

from streams.incidents.model import Incident
from streams.local.monitoring import Monitoring
from streams.settings import Settings
from tests.alerts.story import Receiver, closed, critical, incident, notifying, ordered, until

FASTER = 50
"""Ten minutes pass in twelve seconds."""
INCIDENTS, SITES = 500, 130
LATER = 30 * INCIDENTS // 600
"""Incidents that have come by the time a command is overdue."""
LEFT = (0, 1, 2, 498, 499)
"""Those that stay open."""


def hurried(monitoring: Monitoring) -> None:
    """Let Alertmanager tell what is new in a group as much sooner as the flood is shorter."""

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found[2]) * {"s": 1, "m": 60, "h": 3600}[found[3]]
        return f"{found[1]}: {1000 * seconds // FASTER}ms"

    file = monitoring.folder / "alertmanager.yml"
    file.write_text(re.sub(r"(group_interval): (\d+)([smh])", shorter, file.read_text()))


async def standing(monitoring: Monitoring, **matching: str) -> list[dict[str, Any]]:
    matchers = [f'{name}="{value}"' for name, value in matching.items()]
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{monitoring.alertmanager.url}/api/v2/alerts", params={"filter": matchers})
        return list(answer.json())


def troubled(number: int, revision: int = 2, **more: Any) -> Incident:
    return critical(f"i-{number}", revision, site=f"FR-{number % SITES:03}", risk=0.9 + number / 10_000, **more)


def undone(number: int) -> Incident:
    """Half a minute later: its site has not locked down."""
    return troubled(number, 3, commands=[ordered(id=f"c-{number}", command="lockdown")])


def test_a_flood_calls_the_on_call_person_twelve_times_at_most_and_loses_nothing(receiver: Receiver) -> None:
    monitoring = Monitoring(receiver.url)
    hurried(monitoring)
    window = 600 / FASTER

    async def night() -> None:
        settings = Settings(alertmanagers=(monitoring.alertmanager.url,), flood_s=window)
        async with notifying(settings) as (_, feed):
            began = time.monotonic()
            for number in range(INCIDENTS + LATER):
                feed.put(*[troubled(number)] * (number < INCIDENTS), *[undone(number - LATER)] * (number >= LATER))
                feed.put(*[incident(f"w-{number}", site=f"DE-{number:03}")] * (number < INCIDENTS))
                await asyncio.sleep(max(0.0, began + number * window / INCIDENTS - time.monotonic()))
            pages = [message for message in receiver.messages if message["receiver"] == "pager"]
            first = [message for message in pages if message["groupLabels"].get("incident_id") in ("i-0", "i-1", "i-2")]
            assert len(first) == 3
            assert 4 <= len(pages) <= 12, [message["groupLabels"] for message in pages]
            shift = [message for message in receiver.messages if message["receiver"] == "shift"]
            assert 10 <= len(shift) <= 15, [message["groupLabels"] for message in shift]
            words = "497 more critical incidents and 500 commands not carried out at 130 sites"
            digest = await until(lambda: _digest(receiver, words), 10)
            assert "FR-109" in digest["annotations"]["description"].splitlines()[0]
            for name, count in (("SiteIncident", 497), ("CommandUnconfirmed", 500)):
                held = await standing(monitoring, alertname=name, severity="critical", flood="yes")
                assert len(held) == count
                assert all(alert["status"]["inhibitedBy"] for alert in held)
            for number in range(INCIDENTS):
                feed.put(troubled(number, 4) if number in LEFT else closed(f"i-{number}", 4, site=f"FR-{number}"))
            await until(lambda: len(receiver.heard("pager")) == 5, 2 * window)
            named = {message["groupLabels"]["incident_id"] for message in receiver.heard("pager")}
            assert named == {f"i-{number}" for number in LEFT}

    with monitoring:
        asyncio.run(night())


def _digest(receiver: Receiver, words: str) -> dict[str, Any] | None:
    for message in receiver.messages:
        for alert in message["alerts"]:
            if alert["labels"]["alertname"] == "IncidentFlood" and words in alert["annotations"]["summary"]:
                return dict(alert)
    return None


def test_what_a_page_or_a_fault_of_our_own_explains_is_quiet(receiver: Receiver) -> None:
    site = {"alertname": "SiteIncident", "region": "FR", "site": "FR-1"}
    explaining = [site | {"severity": "critical", "incident_id": "i-1"}, {"alertname": "GateAbsent"}]
    explained = [
        site | {"severity": "warning", "incident_id": "i-2"},
        site | {"severity": "warning", "incident_id": "i-3", "site": "FR-2"},
        site | {"severity": "warning", "incident_id": "i-4", "site": "FR-3", "evidence": "silence"},
        *({"alertname": name, "severity": "warning"} for name in ("TelemetryStopped", "SitesSilent", "LagHigh")),
    ]

    async def night() -> None:
        async with httpx.AsyncClient() as client:
            url = f"{monitoring.alertmanager.url}/api/v2/alerts"
            for alerts in (explaining, explained):
                (await client.post(url, json=[{"labels": labels} for labels in alerts])).raise_for_status()
                await until(lambda: receiver.heard("pager"))

        async def quiet() -> set[str]:
            known = await standing(monitoring)
            inhibited = [alert["labels"] for alert in known if alert["status"]["inhibitedBy"]]
            return {labels.get("incident_id") or labels["alertname"] for labels in inhibited}

        async def all_quiet() -> bool:
            return await quiet() == {"i-2", "i-4", "TelemetryStopped", "SitesSilent"}

        await until(all_quiet, 15)
        await until(lambda: [m for m in receiver.heard("shift") if m["groupLabels"]["incident_id"] == "i-3"])
        assert {m["groupLabels"]["incident_id"] for m in receiver.heard("shift")} == {"i-3"}

    with Monitoring(receiver.url) as monitoring:
        asyncio.run(night())
