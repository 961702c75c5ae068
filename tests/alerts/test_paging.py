"""A flood of incidents, and a real Alertmanager between the notifier and the on-call person: ten minutes in seconds."""

import asyncio
import re
import time
from typing import Any

import httpx

from streams.local.monitoring import Monitoring
from streams.settings import Settings
from tests.alerts.story import Receiver, closed, critical, notifying, until

FASTER = 50
"""Ten minutes pass in twelve seconds."""
INCIDENTS, SITES = 500, 130


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


def test_a_flood_calls_the_on_call_person_twelve_times_at_most_and_loses_nothing(receiver: Receiver) -> None:
    monitoring = Monitoring(receiver.url)
    hurried(monitoring)
    window = 600 / FASTER

    async def night() -> None:
        settings = Settings(alertmanagers=(monitoring.alertmanager.url,), flood_s=window)
        async with notifying(settings) as (notifier, feed):
            incidents = [critical(f"i-{n}", site=f"FR-{n % SITES:03}", risk=0.9 + n / 10_000) for n in range(INCIDENTS)]
            began = time.monotonic()
            for number, one in enumerate(incidents, start=1):
                feed.put(one)
                await asyncio.sleep(max(0.0, began + number * window / INCIDENTS - time.monotonic()))
            pages = [message for message in receiver.messages if message["receiver"] == "pager"]
            first = [message for message in pages if message["groupLabels"].get("incident_id") in ("i-0", "i-1", "i-2")]
            assert len(first) == 3
            assert 4 <= len(pages) <= 12, [message["groupLabels"] for message in pages]
            assert not [message for message in receiver.messages if message["receiver"] == "shift"]
            digest = await until(lambda: _digest(receiver, 497), 10)
            assert "497 more critical incidents at 130 sites" in digest["annotations"]["summary"]
            assert "FR-109" in digest["annotations"]["description"].splitlines()[0]
            held = await standing(monitoring, alertname="SiteIncident", flood="yes")
            assert len(held) == 497
            assert all(alert["status"]["inhibitedBy"] for alert in held)
            for one in incidents[3:498]:
                feed.put(closed(one.id, 3, site=one.site))
            await until(lambda: len(receiver.heard("pager")) == 5, 2 * window)
            assert {message["groupLabels"]["incident_id"] for message in receiver.heard("pager")} == {
                *("i-0", "i-1", "i-2"),
                *("i-498", "i-499"),
            }
            assert not notifier.board.incidents.keys() - {f"i-{n}" for n in (0, 1, 2, 498, 499)}

    with monitoring:
        asyncio.run(night())


def _digest(receiver: Receiver, count: int) -> dict[str, Any] | None:
    for message in receiver.messages:
        for alert in message["alerts"]:
            if alert["labels"]["alertname"] == "IncidentFlood" and f" {count} more" in alert["annotations"]["summary"]:
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
