"""What people do becomes one record each, exactly as the contract has it, and stands in the audit trail."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from streams.telemetry.decode import decode_control
from streams.telemetry.refusal import Refusal
from tests.console.story import DUGNY, incident, records, stand


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def last(broker: str, topic: str) -> dict[str, Any]:
    """The newest record of a topic, which the platform would take."""
    key, value = records(broker, topic)[-1]
    assert not isinstance(decode_control(topic, key.encode(), json.encode(value)), Refusal)
    assert key == value["id" if topic == "control.maintenance" else "site"]
    return value


def test_acknowledge_assign_note_release(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident("i-5"), follow=True) as here, here.someone() as ana:
            for kind, fields in (
                ("acknowledge", {}),
                ("assign", {"to": "bob"}),
                ("note", {"note": "  guard  on\nhis way "}),
            ):
                await ana.open("/incidents/i-5")
                form = ana.hidden(f"/incidents/i-5/{kind}")
                began = datetime.now(UTC)
                answer = await ana.submit(f"/incidents/i-5/{kind}", **fields)
                assert (answer.status_code, answer.headers["Location"]) == (303, f"/incidents/i-5?done={kind}")
                told = last(broker, "control.actions")
                assert began <= datetime.fromisoformat(told.pop("time")) <= datetime.now(UTC)
                expected: dict[str, object] = {"type": "incident.action", "id": form["id"], "site": DUGNY}
                expected |= {"incident": "i-5", "action": kind, "by": "ana", "to": fields.get("to"), "note": None}
                if kind == "note":
                    expected["note"] = "guard on his way"
                assert told == expected
            await here.hears("i-5", entries=3)
            page = (await ana.open("/incidents/i-5?done=note")).text
            assert "Noted." in page and page.count("<td>ana</td>") == 3 and "guard on his way" in page

    run(story())


def test_a_verdict_is_the_contracts(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident("i-9"), follow=True) as here, here.someone() as ana:
            await ana.open("/incidents/i-9")
            wrong = await ana.submit("/incidents/i-9/verdict", verdict="guilty")
            assert wrong.status_code == 400 and "one of the four verdicts" in wrong.text
            await ana.open("/incidents/i-9")
            answer = await ana.submit("/incidents/i-9/verdict", verdict="false_positive", note="a spider on the lens")
            assert answer.status_code == 303
            told = last(broker, "control.verdicts")
            del told["time"]
            assert told == {
                "type": "incident.verdict",
                "incident": "i-9",
                "site": DUGNY,
                "verdict": "false_positive",
                "by": "ana",
                "note": "a spider on the lens",
            }
            await here.hears("i-9")
            audit = (await ana.open("/audit")).text
            assert "verdict false positive" in audit and "a spider on the lens" in audit
            now = here.console.now()
            here.desk.put(incident("i-9", revision=2, status="closed", verdict="false_positive", closed=now))
            closed = (await ana.open("/incidents/i-9")).text
            assert "/incidents/i-9/verdict" not in closed and "/incidents/i-9/note" not in closed

    run(story())


def test_a_silence_is_announced_work_and_can_be_ended(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident(severity="info"), follow=True) as here, here.someone() as ana:
            await ana.open(f"/silences?site={DUGNY}&device=cam-7")
            form = ana.hidden("/silences")
            answer = await ana.submit(
                "/silences", site=DUGNY, device="cam-7", minutes="120", reason="lens is cleaned", domains="camera"
            )
            assert answer.status_code == 303
            told = last(broker, "control.maintenance")
            start, end = (datetime.fromisoformat(told.pop(name)) for name in ("start", "end"))
            assert end - start == timedelta(hours=2) and abs(datetime.now(UTC) - start) < timedelta(seconds=30)
            assert told == {
                "type": "site.maintenance",
                "id": form["id"],
                "site": DUGNY,
                "domains": ["camera"],
                "devices": ["cam-7"],
                "owner": "ana",
                "reason": "lens is cleaned",
                "rrule": None,
            }
            await here.hears()
            page = (await ana.open("/silences")).text
            assert "lens is cleaned" in page and "End now" in page
            assert (await ana.submit("/silences/end")).status_code == 303
            ended = last(broker, "control.maintenance")
            assert ended["id"] == form["id"] and datetime.fromisoformat(ended["end"]) < end
            await here.hears(entries=2)
            audit = (await ana.open("/audit")).text
            assert "silence ended" in audit and "<strong>silence</strong>" in audit
            assert "End now" not in (await ana.open("/silences")).text

    run(story())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"reason": " "}, "needs a reason"),
        ({"minutes": "99999"}, "how long"),
        ({"start": "yesterday"}, "no date"),
        ({"start": "2020-01-01T00:00"}, "in the past"),
        ({"device": "x" * 65}, "devices"),
        ({"id": "mine"}, "not one of ours"),
    ],
)
def test_a_silence_that_is_wrong_is_refused_in_words(
    broker: str, tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    async def story() -> None:
        before = len(records(broker, "control.maintenance"))
        async with stand(broker, tmp_path, incident()) as here, here.someone() as ana:
            await ana.open("/silences")
            good = {"site": DUGNY, "minutes": "60", "reason": "kept as it was typed"}
            answer = await ana.submit("/silences", **(good | fields))
            assert answer.status_code == 400 and words in answer.text
            assert DUGNY in answer.text
        assert len(records(broker, "control.maintenance")) == before

    run(story())


def test_a_silence_in_the_middle_of_an_incident_is_warned_of(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident()) as here, here.someone() as ana:
            assert "hides nothing" in (await ana.open(f"/silences?site={DUGNY}")).text
            assert "hides nothing" not in (await ana.open("/silences?site=FR-95-ROISSY")).text

    run(story())


def test_what_kafka_does_not_take_has_not_happened(tmp_path: Path) -> None:
    async def story() -> None:
        async with stand("127.0.0.1:9", tmp_path, incident()) as here, here.someone() as ana:
            await ana.open("/incidents/i-1")
            answer = await ana.submit("/incidents/i-1/acknowledge")
            assert answer.status_code == 503 and "nothing has happened" in answer.text
            assert "Nobody has done anything yet" in (await ana.open("/incidents/i-1")).text

    run(story())
