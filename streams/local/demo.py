"""The demo: the whole platform on this machine, and a night in which a warehouse is emptied."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from streams import topics
from streams.incidents.model import Incident
from streams.local.jars import LocalError
from streams.local.kafka import Cluster, free_ports
from streams.local.leash import Leash
from streams.local.monitoring import Monitoring, installed
from streams.local.pager import Page, Pager
from streams.local.player import Player, Progress
from streams.local.simulator.scenarios import Label, Part
from streams.local.simulator.world import World
from streams.local.tail import Tail
from streams.settings import Settings
from streams.telemetry.recording import Line, clocked

SITES, DAYS, SEED, START = 3, 3, 7, date(2026, 11, 16)
"""What is simulated: always the same, so that everybody sees the same night."""
NIGHT_SPEED = 900.0
"""Simulated seconds a second once the night begins; what comes before is played as fast as it goes."""
BEFORE_S = 600.0
"""How long before the night's first act the slow part begins, s."""
PATIENCE = 60.0
"""How long nothing may be heard of the worker after all was played, s: it may have much to catch up with."""


def make_world() -> World:
    """Make the sites and their days, the night among them."""
    return World(SEED, SITES, DAYS, START, [Part("reference-night")])


class Demo:
    """Everything that runs during the demo.

    Attributes
    ----------
    stage
        What is going on, for the screen.
    label
        The night as it was planned; known once it has been played.
    """

    def __init__(self) -> None:
        self.stage = "starting"
        self.began = time.monotonic()
        self.progress = Progress(0, 0, 0.0)
        self.world = make_world()
        self.site = self.world.sites[0].id
        self.paged = installed()
        self.tail: Tail | None = None
        self.monitoring: Monitoring | None = None
        self.settings: Settings | None = None
        self.pager = Pager()
        self._player: Player | None = None
        self._played = self._heard = 0.0
        self._news: tuple[int, int, int] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
        self._leashes: list[tuple[str, Leash, Path]] = []
        self._stack = ExitStack()

    def __enter__(self) -> "Demo":
        return self

    def __exit__(self, *_: object) -> None:
        if self._player:
            self._player.stop()
        self._stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def label(self) -> Label | None:
        """The night as it was planned."""
        return self.world.labels[0] if self.world.labels else None

    @property
    def pages(self) -> list[Page]:
        """Pages to the on-call person, as the webhook received them."""
        return [
            page for page in self.pager.pages if page.incident and page.severity == "critical" and not page.resolved
        ]

    @property
    def incidents(self) -> list[Incident]:
        """Incidents as they stand, the gravest first."""
        if self.tail is None:
            return []
        return sorted(self.tail.incidents.values(), key=lambda one: (-one.pages, -one.risk, one.id))

    def start(self) -> None:
        """Start Kafka, worker, notifier and, where installed, Prometheus and Alertmanager."""
        self.stage = "starting Kafka"
        kafka = self._stack.enter_context(Cluster())
        self.settings = settings = Settings(brokers=kafka.bootstrap, partitions=4, retention_h=0)
        topics.ensure(settings)
        self._stack.enter_context(self.pager)
        ports = free_ports(2)
        environ = {"TOCSIN_BROKERS": kafka.bootstrap, "TOCSIN_CLOCK": "log", "TOCSIN_METRICS_PORT": str(ports[0])}
        self.stage = "starting worker and notifier"
        self._launch("worker", environ)
        if self.paged:
            monitoring = Monitoring(
                self.pager.url, workers=[f"127.0.0.1:{ports[0]}"], notifiers=[f"127.0.0.1:{ports[1]}"]
            )
            self.monitoring = self._stack.enter_context(monitoring)
            urls = monitoring.alertmanager.url
            self._launch("notifier", environ | {"TOCSIN_ALERTMANAGERS": urls, "TOCSIN_NOTIFIER_PORT": str(ports[1])})
        self.tail = self._stack.enter_context(Tail(settings))
        self._playing = ThreadPoolExecutor(1, "player").submit(self._play, settings)

    def over(self) -> bool:
        """Whether there is nothing more to wait for; raises what went wrong in the background."""
        if self._playing.done():
            self._playing.result()
        for name, leash, log in self._leashes:
            if (code := leash.poll()) is not None:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
                raise LocalError(f"the {name} ended with exit code {code}:\n{tail}")
        if self.stage != "waiting for the last page":
            return False
        critical = {incident.id for incident in self.incidents if incident.pages}
        delivered = {page.incident for page in self.pages}
        all_here = bool(critical) and (not self.paged or critical <= delivered)
        now = time.monotonic()
        news = (self.tail.findings, self.tail.refused, len(self.tail.revisions)) if self.tail else None
        if news != self._news:
            self._news, self._heard = news, now
        return now - self._played > 3.0 and now - self._heard > (3.0 if all_here else PATIENCE)

    def caught(self) -> bool:
        """Whether the page for the right site came, and no other."""
        if self.paged:
            return bool(self.pages) and {page.site for page in self.pages} == {self.site}
        paged = [incident for incident in self.incidents if incident.pages]
        return bool(paged) and {incident.site for incident in paged} == {self.site}

    def _launch(self, name: str, environ: dict[str, str]) -> None:
        log = self._folder / f"{name}.log"
        leash = Leash([sys.executable, "-m", "streams", name], log, {**os.environ, **environ})
        self._stack.callback(leash.stop, 10.0)
        self._leashes.append((name, leash, log))

    def _play(self, settings: Settings) -> None:
        self._player = Player(settings.brokers, None, self._show)
        self.stage = f"{DAYS - 1} ordinary days at {SITES} sites, as fast as it goes"
        self._player.play(self._until_morning(self._player))
        self._played = time.monotonic()
        self.stage = "waiting for the last page"

    def _until_morning(self, player: Player) -> Iterator[Line]:
        """Yield what is played, and slow the player down once the night begins."""
        for at, line in story(self.world):
            if self.label and player.speed is None and at >= self.label.start - BEFORE_S:
                self.stage = f"the night, {NIGHT_SPEED:.0f} times as fast as life"
                player.speed = NIGHT_SPEED
            yield line

    def _show(self, progress: Progress) -> None:
        self.progress = progress


def story(world: World) -> Iterator[tuple[float, Line]]:
    """Yield the records and their arrival clock (Unix seconds), until half an hour after the night's last act."""
    for at, line in clocked(world.lines()):
        if world.labels and at > world.labels[0].end + 1800.0:
            return
        yield at, line


def clock(at: float) -> str:
    """Show simulated Unix seconds as UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%a %d %b %H:%M:%S UTC") if at else ""
