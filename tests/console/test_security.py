"""No action without a role, no sight without the site, no form but our own, no secret in a log or an address."""

import asyncio
import logging
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.console.story import DUGNY, MITRY, STEP, finding, incident, records, stand

ACTIONS = ["/incidents/i-1/acknowledge", "/incidents/i-1/assign", "/incidents/i-1/note", "/incidents/i-1/release"]
CHANGES = [*ACTIONS, "/incidents/i-1/verdict", "/silences", "/silences/end"]
FORM = {"id": "x" * 20, "verdict": "benign", "note": "n", "to": "b", "site": DUGNY, "reason": "r", "minutes": "60"}
PAGES = ["/", "/incidents/i-1", "/silences", "/audit"]
TOPICS = ["control.actions", "control.verdicts", "control.maintenance"]
EVIL = "https://evil.example"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def said(broker: str) -> int:
    return sum(len(records(broker, topic)) for topic in TOPICS)


def test_nobody_sees_or_does_anything_without_logging_in(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        before = said(broker)
        async with stand(broker, tmp_path, incident()) as here, here.browser() as browser:
            for page in PAGES:
                answer = await browser.get(page)
                assert answer.status_code == 303 and answer.headers["Location"].startswith("/login")
                assert DUGNY not in answer.text
            for change in CHANGES:
                assert (await browser.post(change, data=FORM)).status_code == 403
                browser.cookies.set("tocsin", "guessed")
        assert said(broker) == before

    run(story())


def test_a_viewer_looks_and_does_nothing(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        before = said(broker)
        async with stand(broker, tmp_path, incident()) as here, here.someone("vera", "viewer") as vera:
            for page in PAGES:
                answer = await vera.open(page)
                assert answer.status_code == 200
                assert "Acknowledge</button>" not in answer.text and 'name="reason"' not in answer.text
            csrf = vera.hidden("/logout")
            for change in CHANGES[:-1]:
                assert (await vera.post(change, data=FORM | csrf)).status_code == 403, change
            assert (await vera.post("/silences/end", data=csrf | {"work": "m-1"})).status_code == 404
        assert said(broker) == before

    run(story())


def test_other_sites_are_not_there_for_a_limited_analyst(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        theirs = incident("i-2", MITRY, related="i-1")
        async with stand(broker, tmp_path, incident(), theirs, follow=True) as here:
            async with here.someone("boss") as boss:
                await boss.open("/silences")
                await boss.submit("/silences", site=MITRY, reason="their secret work", minutes="60")
                await boss.open("/incidents/i-2")
                await boss.submit("/incidents/i-2/note", note="their secret note")
                await here.hears("i-2", MITRY)
                await here.hears("", MITRY)
                work = next(work for work in here.desk.works.values() if work.record.site == MITRY)
            before = said(broker)
            async with here.someone("ana", "analyst", DUGNY) as ana:
                for page in [
                    *PAGES,
                    "/?status=all",
                    f"/?site={MITRY}",
                    f"/audit?site={MITRY}",
                    f"/silences?site={MITRY}",
                ]:
                    answer = await ana.open(page)
                    assert answer.status_code == 200
                    assert "secret" not in answer.text and "i-2" not in answer.text, page
                    assert MITRY not in re.sub(r'(value|href)="[^"]*"', "", answer.text), page
                unknown = await ana.get("/incidents/no-such-incident")
                other = await ana.get("/incidents/i-2")
                assert (unknown.status_code, unknown.text) == (
                    other.status_code,
                    other.text,
                ) and other.status_code == 404
                await ana.open("/silences")
                mine = ana.hidden("/silences")
                for change in [*CHANGES[:5], "/incidents/i-2/anything"]:
                    answer = await ana.post(change.replace("i-1", "i-2"), data=FORM | mine)
                    assert answer.status_code == 404, change
                assert (await ana.post("/silences", data=FORM | mine | {"site": MITRY})).status_code == 404
                assert (await ana.post("/silences/end", data=mine | {"work": work.record.id})).status_code == 404
            assert said(broker) == before

    run(story())


def test_a_form_that_is_not_ours_is_refused(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        before = said(broker)
        async with stand(broker, tmp_path, incident()) as here, here.someone() as ana, here.someone("bob") as bob:
            await bob.open("/incidents/i-1")
            others = bob.hidden("/incidents/i-1/note")
            await ana.open("/incidents/i-1")
            own = ana.hidden("/incidents/i-1/note")
            for change in CHANGES[:-1]:
                for fields in (FORM, FORM | others, FORM | {"csrf": ""}, FORM | {"csrf": own["csrf"][:-1]}):
                    assert (await ana.post(change, data=fields)).status_code == 403, change
                for strange in (
                    {"Origin": EVIL},
                    {"Origin": "null"},
                    {"Sec-Fetch-Site": "cross-site"},
                ):
                    assert (await ana.post(change, data=FORM | own, headers=strange)).status_code == 403, change
            assert (await ana.get("/incidents/i-1/note")).status_code == 405
            assert (await ana.post("/incidents/i-1/note", json=FORM | own)).status_code == 403
        assert said(broker) == before

    run(story())


def test_a_session_that_has_ended_does_nothing_more(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        before = said(broker)
        async with stand(broker, tmp_path, incident()) as here:

            async def ended(browser: Any) -> None:
                form = browser.hidden("/incidents/i-1/note")
                assert (await browser.post("/incidents/i-1/note", data=FORM | form)).status_code == 403
                assert (await browser.get("/incidents/i-1")).status_code == 303

            async with here.someone("idle") as idle:
                await idle.open("/incidents/i-1")
                here.ahead += 31 * 60
                await ended(idle)
            async with here.someone("busy") as busy:
                for _ in range(25):
                    here.ahead += 29 * 60
                    answer = await busy.open("/incidents/i-1")
                    if answer.status_code != 200:
                        break
                assert answer.status_code == 303
            async with here.someone("out") as out:
                await out.open("/incidents/i-1")
                kept = dict(out.cookies)
                form = out.hidden("/incidents/i-1/note")
                assert (await out.submit("/logout")).status_code == 303
                out.cookies.update(kept)
                assert (await out.post("/incidents/i-1/note", data=FORM | form)).status_code == 403
        assert said(broker) == before

    run(story())


def test_whoever_guesses_has_to_wait(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path) as here, here.browser() as browser:
            token = here.add("ana")
            await browser.open("/login")
            slip = browser.hidden("/login")
            guesses = [browser.post("/login", data=slip | {"token": f"ana.guess-{n}"}) for n in range(20)]
            codes = [answer.status_code for answer in await asyncio.gather(*guesses)]
            assert codes.count(403) == 10 and codes.count(429) == 10
            answer = await browser.post("/login", data=slip | {"token": token})
            assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
            here.ahead += 301
            assert (await browser.login(token)).status_code == 303

    run(story())


def test_a_login_needs_the_form_that_was_shown(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path) as here, here.browser() as browser:
            token = here.add("ana")
            assert (await browser.post("/login", data={"token": token, "csrf": "x"})).status_code == 403
            await browser.open("/login")
            slip = browser.hidden("/login")
            evil = {"Origin": EVIL}
            assert (await browser.post("/login", data=slip | {"token": token}, headers=evil)).status_code == 403
            assert (await browser.get(f"/?token={token}")).status_code == 303
            assert (await browser.get("/", headers={"Authorization": f"Bearer {token}"})).status_code == 303

    run(story())


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\n/"]
)
def test_a_login_leads_nowhere_else(broker: str, tmp_path: Path, place: str) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident()) as here, here.browser() as browser:
            token = here.add("ana")
            assert (await browser.get("/incidents/i-1")).headers["Location"] == "/login?next=/incidents/i-1"
            await browser.open(str(httpx.URL("/login", params={"next": place})))
            assert (await browser.submit("/login", token=token)).headers["Location"] == "/"

    run(story())


def test_every_answer_carries_its_guards(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident()) as here, here.someone() as ana:
            paths = [*PAGES, "/nothing", "/incidents/none", "/static/console.js", "/static/../people.py", "/login"]
            for path in paths:
                answer = await ana.get(path)
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy and "script-src 'self'" in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "same-origin"
                assert "Server" not in answer.headers
                if answer.headers["Content-Type"].startswith("text/html"):
                    assert answer.headers["Cache-Control"] == "no-store"
                    assert not re.search(r"<script(?! src=)|<style| style=| on\w+=", answer.text), path
            browser = here.browser()
            answer = await browser.login(here.add("bob"))
            [session] = [
                c for c in answer.headers.get_list("Set-Cookie") if c.startswith("tocsin=") and "tocsin=;" not in c
            ]
            assert "HttpOnly" in session and "SameSite=Strict" in session and "Max-Age=43200" in session
            await browser.aclose()

    run(story())


def test_behind_tls_cookies_are_secure(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, console_front="tls") as here, here.browser() as browser:
            answer = await browser.get("/login")
            assert answer.headers["Set-Cookie"].startswith("__Host-tocsin-login=")
            assert "Secure" in answer.headers["Set-Cookie"]
            assert "max-age" in answer.headers["Strict-Transport-Security"]

    run(story())


def test_stored_markup_is_inert(broker: str, tmp_path: Path) -> None:
    step = replace(STEP, device=HOSTILE[:64], summary=HOSTILE)
    hostile = incident(summary=HOSTILE, timeline=[step], acknowledged_by=HOSTILE, assigned=HOSTILE)

    async def story() -> None:
        async with stand(broker, tmp_path, hostile, follow=True) as here, here.someone() as ana:
            here.desk.find(replace(finding(step), evidence={HOSTILE: HOSTILE, "list": [HOSTILE]}))
            await ana.open("/incidents/i-1")
            await ana.submit("/incidents/i-1/note", note=HOSTILE)
            await ana.open("/silences")
            await ana.submit("/silences", site=DUGNY, device=HOSTILE[:60], reason=HOSTILE, minutes="30")
            await here.hears("i-1")
            await here.hears()
            quoted = str(httpx.URL("/silences", params={"site": HOSTILE, "device": HOSTILE}))
            for page in [*PAGES, quoted, str(httpx.URL("/", params={"site": HOSTILE, "status": HOSTILE}))]:
                text = (await ana.open(page)).text
                assert "<script>" not in text and "<img" not in text
                assert "&lt;script&gt;" in text or page == PAGES[0]

    run(story())


def test_no_secret_is_logged_or_put_into_an_address(
    broker: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "httpcore")  # the browser's own: it shows what it sends
    caplog.set_level(logging.DEBUG)

    async def story() -> None:
        async with stand(broker, tmp_path, incident(), follow=True) as here, here.browser() as browser:
            token = here.add("ana")
            await browser.login(f"{token}typo")
            await browser.login(f"nobody.{token}")
            answer = await browser.login(token)
            places = [answer.headers["Location"]]
            await browser.open("/incidents/i-1")
            form = browser.hidden("/incidents/i-1/note")
            answer = await browser.submit("/incidents/i-1/note", note="guard called")
            places.append(answer.headers["Location"])
            secrets = [token, token.partition(".")[2], *browser.cookies.values(), form["csrf"]]
            for secret in secrets:
                assert secret not in caplog.text and not any(secret in place for place in places)
        assert "ana logged in" in caplog.text and "login refused" in caplog.text
        assert "note i-1" in caplog.text and "guard called" not in caplog.text

    run(story())


def test_too_much_is_refused(broker: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with stand(broker, tmp_path, incident()) as here, here.someone() as ana:
            await ana.open("/incidents/i-1")
            assert (await ana.submit("/incidents/i-1/note", note="x" * 100_000)).status_code == 413
            await ana.open("/incidents/i-1")
            answer = await ana.submit("/incidents/i-1/note", note="x" * 3000)
            assert answer.status_code == 400 and "2000" in answer.text

    run(story())
