"""From the page to the model, in a real browser: paged, opened, acknowledged, judged, learnt."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer
from playwright.sync_api import Browser, Page, sync_playwright

from streams.local.leash import Leash
from streams.local.monitoring import Monitoring
from tests.alerts.story import Receiver
from tests.processes import wait

pytestmark = pytest.mark.long

SITE = "FR-93-DUGNY"
HOSTILE = "<img src=x onerror=alert(1)>"


class House:
    """The platform as it runs, and the on-call person's pager."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.broker = broker
        self.folder = folder
        self.stack = ExitStack()
        self.receiver = Receiver()
        self.stack.callback(self.receiver.close)
        users = str(folder / "users.toml")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        self.env = clean | {"TOCSIN_BROKERS": broker, "TOCSIN_SNAPSHOT_S": "1", "TOCSIN_CONSOLE_USERS": users}
        for port in ("METRICS", "NOTIFIER", "CONSOLE", "CONSOLE_METRICS"):
            self.env[f"TOCSIN_{port}_PORT"] = "0"
        self.monitoring = self.stack.enter_context(Monitoring(self.receiver.url))

    def run(self, *words: str) -> str:
        """Run a command to its end and return what it printed."""
        command = [sys.executable, "-m", "streams", *words]
        ran = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=90)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def start(self, name: str, **more: str) -> Callable[[], str]:
        """Start a process; returns what reads its log."""
        log = self.folder / f"{name}.log"
        leash = Leash([sys.executable, "-m", "streams", name], log, self.env | more)
        self.stack.callback(leash.stop, 10.0)
        return log.read_text

    def alerts(self) -> list[dict[str, Any]]:
        url = f"{self.monitoring.alertmanager.url}/api/v2/alerts"
        return list(httpx.get(url, params={"filter": f'site="{SITE}"'}).json())

    def pages(self, status: str = "firing") -> list[dict[str, Any]]:
        return self.receiver.heard("pager", status)

    def says(self, topic: str, kind: str, ago: float, **fields: Any) -> None:
        """Publish one object, or one control record."""
        body: dict[str, Any] = {"type": kind, "site": SITE, **fields}
        if topic.startswith("telemetry."):
            body["time"] = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(timespec="milliseconds")
        producer = Producer({"bootstrap.servers": self.broker})
        producer.produce(topic, json.dumps(body), key=SITE)
        assert producer.flush(30) == 0

    def burgle(self) -> None:
        """Open the panel and take the recorder's disks, at a site that is never open."""
        self.says("control.sites", "site.profile", 0, opening_hours=[], timezone="Europe/Paris")
        for code in ("TA", "BV"):
            self.says("telemetry.alarm", "alarm.signal", 50, device=HOSTILE, code=code, zone="1")
        for ago, disks in ((40, 4), (20, 2), (5, 0)):
            status = {"disks": disks, "disks_expected": 4, "recording": disks > 0}
            self.says("telemetry.camera", "recorder.status", ago, device="nvr", **status)

    def trust(self) -> dict[str, float]:
        """How far each detector is to be believed at the site, by the worker's last snapshot."""
        case = json.loads(self.run("state", "export", SITE))["state"]["case"]
        return dict(case["trust"]["a"]["weights"]["d"])


@pytest.fixture(scope="module")
def house(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(broker, tmp_path_factory.mktemp("house"))
    with made.stack:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "chromium has to be installed"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def screen(chromium: Browser, width: int, scheme: Any = "light") -> Iterator[Page]:
    """A window in which nothing may go wrong: no script but ours, nothing that the policy blocks."""
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert not wrong


def login(page: Page, token: str) -> None:
    page.fill("input[name=token]", token)
    page.press("input[name=token]", "Enter")
    page.wait_for_selector("nav[aria-label=Pages]")


def test_page_incident_acknowledgement_verdict_model(house: House, chromium: Browser, tmp_path: Path) -> None:
    token = house.run("console", "--add-user", "ana", "--role", "analyst")
    assert token.startswith("ana.")
    log = house.start("console")
    url = wait(lambda: re.search(r"answers on (http://\S+)", log()))[1]
    house.start("worker")
    house.start("notifier", TOCSIN_ALERTMANAGERS=house.monitoring.alertmanager.url, TOCSIN_CONSOLE_URL=url)
    house.burgle()
    [message] = wait(house.pages)
    link = message["alerts"][0]["annotations"]["console_url"]
    assert link.startswith(f"{url}/incidents/{SITE}-")

    with screen(chromium, 390, "dark") as page:
        page.goto(link)
        assert page.url.startswith(f"{url}/login?next=")
        login(page, token)
        assert page.url == link, "straight to what was asked for"
        assert page.locator("svg.narrow circle").count() > 2 and not page.locator("svg.wide").is_visible()
        assert HOSTILE in page.inner_text("ol.steps")

        page.keyboard.press("a")
        page.wait_for_selector("text=acknowledged by ana")
        acknowledged = wait(lambda: [one for one in house.alerts() if one["annotations"].get("acknowledged") == "ana"])
        assert "Acknowledged by ana." in acknowledged[0]["annotations"]["description"]
        page.keyboard.press("n")
        page.keyboard.type("guard is on his way")
        page.keyboard.press("Enter")
        page.wait_for_selector(".notes >> text=guard is on his way")

        page.keyboard.press("u")
        page.wait_for_selector("ol.list")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{link}**")
        for name in ("/", "/silences", "/audit", link):
            page.goto(name if name == link else url + name)
            page.screenshot(path=tmp_path / f"phone{len(name)}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    assert len(house.pages()) == 1, "what is acknowledged pages nobody again"

    with screen(chromium, 1280) as page:
        page.goto(link)
        login(page, token)
        before = house.trust()
        page.check("input[value=false_positive]")
        page.fill(".verdict input[name=note]", "the alarm company, announced by telephone")
        page.screenshot(path=tmp_path / "wide.png", full_page=True)
        page.click(".verdict button")
        page.wait_for_selector("text=closed · false positive")
        assert page.locator("text=Close with a verdict").count() == 0
        page.goto(f"{url}/audit")
        trail = page.inner_text("table.trail")
        assert all(words in trail for words in ("acknowledge", "note", "verdict false positive", "by telephone"))

    assert wait(lambda: house.trust() != before and house.trust())
    learnt = house.trust()
    assert learnt and all(weight < before.get(name, 1.0) for name, weight in learnt.items())
    wait(lambda: house.pages("resolved"))
    assert token not in log() and token.partition(".")[2] not in log()


def test_keys_are_keys_only_where_nobody_types(house: House, chromium: Browser) -> None:
    token = house.run("console", "--add-user", "vera")
    log = house.folder / "console.log"
    found = re.search(r"answers on (http://\S+)", log.read_text())
    assert found
    with screen(chromium, 1280, "dark") as page:
        page.goto(found[1])
        login(page, token)
        page.keyboard.press("?")
        assert page.locator("dialog#keys").is_visible()
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog#keys", state="hidden")
        page.keyboard.press("/")
        page.wait_for_selector("input[type=search]:focus")
        page.keyboard.type("jjaa?")
        assert page.input_value("input[type=search]") == "jjaa?" and not page.locator("dialog#keys").is_visible()


def test_the_list_loads_itself_again_but_not_under_the_hands_of_who_types(house: House, chromium: Browser) -> None:
    token = house.run("console", "--add-user", "mia")
    found = re.search(r"answers on (http://\S+)", (house.folder / "console.log").read_text())
    assert found
    with screen(chromium, 1280) as page:
        page.clock.install()
        page.goto(found[1])
        login(page, token)
        page.fill("input[type=search]", "FR-9")
        page.clock.run_for(60_000)
        assert page.input_value("input[type=search]") == "FR-9"
        page.locator("input[type=search]").blur()
        with page.expect_navigation():
            page.clock.run_for(20_000)


def test_a_link_from_another_site_finds_the_session(house: House, chromium: Browser) -> None:
    """A strict cookie does not come along at first; localhost is another site than 127.0.0.1."""
    token = house.run("console", "--add-user", "otto")
    log = (house.folder / "console.log").read_text()
    found, shown = re.search(r"answers on (http://\S+)", log), re.search(r"metrics on (http://\S+)/metrics", log)
    assert found and shown
    page = chromium.new_context().new_page()
    page.goto(found[1])
    login(page, token)
    page.goto(f"{shown[1]}/healthz".replace("127.0.0.1", "localhost"))
    page.evaluate("url => { location.href = url }", f"{found[1]}/audit")
    page.wait_for_selector("h1:text('Audit trail')")
    page.context.close()
