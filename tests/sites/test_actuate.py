"""`tocsin actuate`: what is commanded happens once, and the platform hears what became of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import msgspec
import pytest

from streams.incidents.model import Command
from streams.sites.actuator.hand import Hand, HandError, Result
from streams.sites.actuator.hands import make
from streams.sites.actuator.journal import Journal, JournalError
from streams.sites.actuator.program import Program
from streams.sites.actuator.webhook import Webhook
from streams.telemetry.control import Confirmation
from streams.telemetry.decode_control import decode_control
from tests.sites.desk import free_port
from tests.worker.road import Tail, new_site, publish, until

ROOT = Path(__file__).parents[2]
BODY = b'{"id":"i-1-lockdown"}'


def lock(site: str, name: str, mode: Any = "automatic", age: float = 0.0) -> Command:
    now = datetime.now(UTC) - timedelta(seconds=age)
    return Command(id=name, site=site, command="lockdown", incident="i-1", reason="r", time=now, mode=mode)


class Site:
    """A site with an actuator whose program writes down what it is told."""

    def __init__(self, brokers: str, folder: Path) -> None:
        self.brokers, self.folder, self.name = brokers, folder, new_site()
        self.port = free_port()
        self.told, self.log = folder / "told", folder / "log"
        self.told.touch()
        self.program = folder / "act"
        self.does('echo "$TOCSIN_COMMAND_$TOCSIN_ID $TOCSIN_COMMAND" >> told; cat > body; echo shut')

    def does(self, script: str) -> None:
        self.program.write_text(f"#!/bin/sh\ncd {self.folder}\n{script}\n")
        self.program.chmod(0o755)

    def orders(self, *commands: Command) -> None:
        publish(self.brokers, [("commands", one.site.encode(), msgspec.json.encode(one)) for one in commands])

    def happened(self) -> list[str]:
        return [line.split()[-2] for line in self.told.read_text().splitlines()]

    @contextmanager
    def actuator(self, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
        call = ["actuate", "--brokers", self.brokers, "--site", self.name, "--exec", str(self.program), *options]
        environment = {**os.environ, "TOCSIN_SASL_PASSWORD": "secret", "TOCSIN_ACTUATOR_PORT": str(self.port)}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams", *call, "--journal", str(self.folder / "journal")],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=environment,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)


@pytest.fixture
def site(site_kafka: str, tmp_path: Path) -> Site:
    return Site(site_kafka, tmp_path)


@pytest.fixture
def said(site_kafka: str) -> Iterator[Tail]:
    with Tail(site_kafka, "control.actions", 1) as tail:
        yield tail


def confirmed(tail: Tail, site: Site) -> list[Confirmation]:
    records = [record for record in tail.read() if record.key() == site.name.encode()]
    told = [decode_control("control.actions", record.key(), record.value()) for record in records]
    return [one for one in told if isinstance(one, Confirmation)]


def test_an_automatic_command_is_carried_out_once_and_confirmed(site: Site, said: Tail) -> None:
    with site.actuator():
        site.orders(lock(site.name, "a"), lock(site.name, "a"), lock(site.name, "adv", "advised"), lock("OTHER", "o"))
        site.orders(lock(site.name, "b"))
        until(lambda: len(confirmed(said, site)) == 3, f"the confirmations; log {site.log}")
        assert httpx.get(f"http://127.0.0.1:{site.port}/readyz").status_code == 200
        assert 'tocsin_carried_out_total{outcome="done"} 2.0' in httpx.get(f"http://127.0.0.1:{site.port}/metrics").text
    one, again, other = confirmed(said, site)
    assert (one.command, one.outcome, one.by, one.note) == ("a", "done", "actuator", "shut")
    assert again == one, "the same record, which changes nothing"
    assert other.command == "b"
    assert site.happened() == ["a", "b"]
    assert msgspec.json.decode((site.folder / "body").read_bytes())["command"] == "lockdown"
    with site.actuator("--advised"):
        site.orders(lock(site.name, "adv-2", "advised"))
        until(lambda: site.happened() == ["a", "b", "adv-2"], "what is advised, too")


def test_what_was_begun_when_it_died_is_not_begun_again(site: Site, said: Tail) -> None:
    site.does('echo "$TOCSIN_ID x" >> told; sleep 30')
    with site.actuator() as process:
        site.orders(lock(site.name, "a"))
        until(lambda: site.happened() == ["a"], f"the command's beginning; log {site.log}")
        process.kill()
        process.wait()
    with site.actuator():
        until(lambda: len(confirmed(said, site)) == 1, "that it is told")
    [told] = confirmed(said, site)
    assert (told.outcome, told.note) == ("failed", "begun, and not known to have ended: see to it by hand")
    assert site.happened() == ["a"]


def test_what_is_out_of_date_or_takes_too_long_is_told_and_ctrl_c_ends_it(site: Site, said: Tail) -> None:
    site.does('[ "$TOCSIN_ID" = slow ] || exit 3; sleep 30')
    with site.actuator("--timeout", "0.5") as process:
        site.orders(lock(site.name, "old", age=3600), lock(site.name, "slow"), lock(site.name, "bad"))
        until(lambda: len(confirmed(said, site)) == 3, f"the confirmations; log {site.log}")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, site.log.read_text()
    assert {one.command: (one.outcome, one.note) for one in confirmed(said, site)} == {
        "old": ("failed", "not carried out: it is 60 min old"),
        "slow": ("failed", "timed out after 0.5 s."),
        "bad": ("failed", "exit code 3."),
    }
    assert "Traceback" not in site.log.read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "give one of --exec, --webhook and --mqtt"),
        (["--exec", "true", "--mqtt", "mqtt://h/t"], "give one of"),
        (["--webhook", "nowhere"], "expected http://HOST/PATH"),
        (["--mqtt", "mqtt://h"], "expected mqtt://HOST/TOPIC"),
        (["--exec", "'"], "No closing quotation"),
        (["--exec", "true", "--journal", "/nowhere/j"], "/nowhere/j: unable to open"),
    ],
)
def test_mistakes_are_named(options: list[str], words: str) -> None:
    call = [sys.executable, "-m", "streams", "actuate", "--site", "A-1", *options]
    ran = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2 and words in ran.stderr and "Traceback" not in ran.stderr


def test_a_program_gets_no_secret_and_dies_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SASL_PASSWORD", "secret")
    assert Program("env").act(lock("A-1", "a"), BODY, 5).note.find("secret") < 0
    assert Program("sh -c 'env | grep SASL'").act(lock("A-1", "a"), BODY, 5).done is False
    beat = tmp_path / "beat"
    late = Program(f"sh -c '(sleep 1; touch {beat}) & sleep 30'")
    assert late.act(lock("A-1", "a"), BODY, 0.3) == Result(False, "timed out after 0.3 s.")
    assert Program("/no/such").act(lock("A-1", "a"), BODY, 1).note.startswith("/no/such can't be started")
    assert Program("sh -c 'yes | head -c 1000000; echo; echo end'").act(lock("A-1", "a"), BODY, 5) == Result(
        True, "end"
    )
    assert not beat.exists()


class Hook:
    """An HTTP server that answers as it is told and keeps what it heard."""

    def __init__(self, port: int = 0, answer: int = 200) -> None:
        self.heard: list[tuple[str | None, str | None, bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.heard.append((self.headers["Idempotency-Key"], self.headers["Authorization"], body))
                self.send_response(answer)
                self.end_headers()
                self.wfile.write(b"four doors shut")

            def log_message(self, *args: Any, **kwargs: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/lock"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_a_webhook_hears_the_command_and_who_it_is() -> None:
    for answer, result in [(204, Result(True, "")), (409, Result(False, "409 four doors shut"))]:
        hook = Hook(answer=answer)
        got = Webhook(hook.url, "t0ken").act(lock("A-1", "a"), BODY, 5)
        assert got.done == result.done and got.note.startswith(result.note)
        assert hook.heard == [("a", "Bearer t0ken", BODY)]
        hook.close()


def test_a_webhook_that_is_not_there_yet_is_tried_again_until_time_is_up() -> None:
    port, answers = free_port(), list[Result]()
    hand = Webhook(f"http://127.0.0.1:{port}/lock")
    assert hand.act(lock("A-1", "a"), BODY, 0.3) == Result(False, "no answer within 0.3 s")
    waiting = Thread(target=lambda: answers.append(hand.act(lock("A-1", "a"), BODY, 15)))
    waiting.start()
    hook = Hook(port)
    waiting.join()
    assert [answer.done for answer in answers] == [True] and len(hook.heard) == 1
    hook.close()


def test_a_journal_knows_after_a_restart_and_refuses_what_is_none(tmp_path: Path) -> None:
    path = tmp_path / "j"
    first = Journal(path, 1e9)
    assert first.begin("a", 1e9) and not first.begin("a", 1e9 + 1)
    first.end("a", "done", "shut", 1e9 + 2)
    first.reached(3, 17)
    first.close()
    again = Journal(path, 1e9 + 60)
    assert not again.begin("a", 1e9 + 61)
    assert again.entry("a") == ("done", "shut", 1e9 + 2) and again.places() == {3: 17}
    again.close()
    assert Journal(path, 2e9).begin("a", 2e9), "forgotten after months"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(JournalError, match="not a database"):
        Journal(path, 1e9)


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(HandError, match="No such file"):
        make(None, "http://h/p", None, tmp_path / "none")
    (tmp_path / "s").write_text("t0ken\n")
    hook = Hook()
    hand: Hand = make(None, hook.url, None, tmp_path / "s")
    hand.act(lock("A-1", "a"), BODY, 5)
    assert hook.heard[0][1] == "Bearer t0ken"
    hook.close()
