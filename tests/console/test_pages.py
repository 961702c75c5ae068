"""What the pages show, and that five hundred incidents are no trouble."""

import asyncio
import re
import time
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from streams.console.pages import numbers, spell
from streams.incidents.model import Note, Ordered
from streams.incidents.picture import LANES, draw
from streams.telemetry.control import SiteProfile
from tests.console.story import DUGNY, MITRY, NOW, STEP, finding, incident, stand


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def listed(text: str) -> list[str]:
    return re.findall(r'href="/incidents/([^"/]+)">', text)


def test_the_list_has_what_matters_first(broker: str, tmp_path: Path) -> None:

    many = [
        incident("closed", status="closed", closed=NOW, severity="critical", verdict="true_positive"),
        incident("info", severity="info", risk=0.1),
        incident("warm", risk=0.5),
        incident("hot", MITRY, severity="critical", risk=0.9, pages=1),
        incident(
            "hotter", severity="critical", risk=0.95, status="acknowledged", acknowledged_by="bob", assigned="ana"
        ),
    ]

    async def story() -> None:
        async with stand(broker, tmp_path, *many) as here, here.someone() as ana:
            assert listed((await ana.open("/")).text) == ["hotter", "hot", "warm", "info"]
            assert listed((await ana.open("/?status=all")).text) == ["hotter", "hot", "warm", "info", "closed"]
            assert listed((await ana.open("/?severity=critical&status=open")).text) == ["hot"]
            assert listed((await ana.open("/?site=fr-77")).text) == ["hot"]
            assert listed((await ana.open("/?mine=1")).text) == ["hotter"]
            text = (await ana.open("/?status=all")).text
            assert "acknowledged by bob" in text and "true positive" in text and "paged once" in text
            assert "(2) Incidents" in text, "two that nobody has acknowledged, info aside"
            nothing = (await ana.open("/?site=nowhere&page=7")).text
            assert "No incidents like this" in nothing

    run(story())


def test_drills_are_left_out_until_they_are_asked_for(broker: str, tmp_path: Path) -> None:
    many = [incident("real"), incident("made-up", f"DRILL-{DUGNY}", severity="critical", pages=1, drill="quiet")]

    async def story() -> None:
        async with stand(broker, tmp_path, *many) as here, here.someone() as ana:
            text = (await ana.open("/")).text
            assert listed(text) == ["real"] and "1 drill is not shown" in text
            assert "(1) Incidents" in text, "a drill asks nobody to come"
            (more,) = re.findall(r'href="([^"]+drills=1[^"]*)"', text)
            text = (await ana.open(f"/{more.replace('&amp;', '&')}")).text
            assert listed(text) == ["made-up", "real"] and "not shown" not in text
            assert "a drill, not an attack" in (await ana.open("/incidents/made-up")).text

    run(story())


def test_five_hundred_incidents_stay_usable(broker: str, tmp_path: Path) -> None:
    many = [
        incident(
            f"i-{n}", f"S-{n % 130:03}", risk=n / 500, timeline=[STEP] * 40, severity=("warning", "critical")[n % 2]
        )
        for n in range(500)
    ]

    async def story() -> None:
        async with stand(broker, tmp_path, *many) as here, here.someone() as ana:
            await ana.open("/")
            began = time.monotonic()
            seen = []
            for page in range(1, 11):
                answer = await ana.open(f"/?page={page}")
                assert len(answer.content) < 150_000
                seen += listed(answer.text)
            assert time.monotonic() - began < 5.0
            assert len(seen) == 500 and len(set(seen)) == 500
            assert seen[0] == "i-499" and seen[250] == "i-498"
            assert "Page 10 of 10" in answer.text
            assert listed((await ana.open("/?site=S-007&page=99")).text)

    run(story())


def test_an_incident_is_told_whole(broker: str, tmp_path: Path) -> None:
    second = replace(STEP, time=NOW, domain="power", device="meter-a", detector="power.mains_loss", stage="supply")
    whole = incident(
        timeline=[STEP, second],
        domains=["camera", "power"],
        stages=["supply", "sight"],
        expected=["alarm", "label", "goods", "egress"],
        related="i-0",
        notes=[Note(time=NOW, by="bob", note="called back")],
        commands=[Ordered(id="i-1-lockdown", command="lockdown", mode="advised", time=NOW)],
    )

    async def story() -> None:
        async with stand(broker, tmp_path, whole) as here, here.someone() as ana:
            here.desk.find(finding(luminance=0.0125, connected=False, feeds=["grid-a", "grid-b"]))
            here.desk.find(finding(site=MITRY, secret="of another site"))
            here.desk.profile(SiteProfile(site=DUGNY, timezone="Europe/Paris"))
            text = (await ana.open("/incidents/i-1")).text
            for words in (
                "0.0125",
                "connected",
                "no</dd>",
                "grid-a, grid-b",
                "no longer kept",
                "camera without signal",
            ):
                assert words in text, words
            assert "of another site" not in text
            assert text.count(">to expect<") == 4 and text.count(">seen<") == 2
            assert "lockdown" in text and "not confirmed" in text and "called back" in text
            assert 'href="/incidents/i-0"' in text and "Europe/Paris" in text
            assert "/d/tocsin-incident?" in text and "/runbooks/SiteIncident" in text
            for svg in re.findall(r"<svg.*?</svg>", text, re.S):
                assert len(ElementTree.fromstring(svg).findall(".//circle")) == 2

    run(story())


def test_another_sites_link_finds_the_session(broker: str, tmp_path: Path) -> None:
    """A browser sends no strict cookie with a link from elsewhere: the page asks for itself once more."""

    async def story() -> None:
        async with stand(broker, tmp_path, incident()) as here, here.browser() as browser:
            answer = await browser.get("/incidents/i-1", headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 200 and 'http-equiv="refresh"' in answer.text and DUGNY not in answer.text

    run(story())


@pytest.mark.parametrize("width", [358.0, 1000.0])
def test_the_picture_has_every_step_in_its_lane_and_in_order(width: float) -> None:
    steps = [
        replace(
            STEP,
            domain=LANES[n % 5],
            time=NOW + timedelta(seconds=n * n),
            score=n / 60,
            detector=("camera.lost", "power.load", "rfid.clone", "alarm.tamper", "unknown.detector")[n % 5],
        )
        for n in range(60)
    ]
    picture = draw(incident(timeline=steps), width)
    assert len(picture.points) == 60
    for point in picture.points:
        lane = picture.lanes[LANES.index(point.step.domain)]
        assert lane.y < point.y < lane.y + lane.height
        assert picture.left <= point.x <= width
    ordered = sorted(picture.points, key=lambda point: point.step.time)
    assert [p.x for p in ordered] == sorted(p.x for p in ordered)
    sized = sorted(picture.points, key=lambda point: point.step.score)
    assert [p.radius for p in sized] == sorted(p.radius for p in sized)
    labelled = [p for p in picture.points if p.label]
    assert labelled and len({(p.step.domain, p.title) for p in labelled}) == len(labelled)
    assert 2 <= len(picture.marks) <= width / 60


@pytest.mark.parametrize("seconds", [0, 1, 100, 5000, 90_000, 40 * 86400])
def test_the_axis_has_round_times_whatever_the_span(seconds: int) -> None:
    steps = [STEP, replace(STEP, time=STEP.time + timedelta(seconds=seconds))]
    marks = draw(incident(timeline=steps), 1000.0).marks
    assert 1 <= len(marks) <= 11
    assert len({mark.text for mark in marks}) == len(marks)


def test_numbers_and_spans_are_written_for_people() -> None:
    assert numbers({"a_b": 1.23456789, "c": True, "d": None, "e": [1, "x"], "f": 12}) == [
        ("a b", "1.23457"),
        ("c", "yes"),
        ("d", "—"),
        ("e", "1, x"),
        ("f", "12"),
    ]
    assert [spell(timedelta(seconds=s)) for s in (5, 600, 7200, 400_000)] == ["5 s", "10 min", "2 h", "5 d"]
