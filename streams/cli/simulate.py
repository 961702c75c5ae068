"""`tocsin simulate`: telemetry of simulated sites, as a recording or into Kafka."""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from streams.local.simulator.world import World
    from streams.telemetry.recording import Line


def command(
    sites: Annotated[int, typer.Option(min=1, help="How many sites.")] = 10,
    days: Annotated[int, typer.Option(min=1, help="How many days, from local midnight to local midnight.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    scenario: Annotated[
        list[str] | None, typer.Option(metavar="NAME[@SITE[@TIME]]", help="Play a scenario; may be repeated.")
    ] = None,
    start: Annotated[str, typer.Option(metavar="DATE", help="The first day.")] = "2026-11-16",
    out: Annotated[Path | None, typer.Option(help="Write a recording: .ndjson, .ndjson.gz or .ndjson.zst.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Write what the scenarios did, for `tocsin backtest`.")] = None,
    play: Annotated[bool, typer.Option("--play", help="Play into Kafka, with ticks for TOCSIN_CLOCK=log.")] = False,
    recording: Annotated[
        list[Path] | None, typer.Option("--from", exists=True, dir_okay=False, help="Play this recording instead.")
    ] = None,
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS when not given.")] = None,
    speed: Annotated[float, typer.Option(min=0, help="Recorded seconds a second; 0: as fast as it goes.")] = 600,
    list_: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
) -> None:
    """Generate the telemetry of simulated sites, as a recording or into Kafka."""
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if list_:
        _list()
        return
    if play == (out is not None):
        raise typer.BadParameter("say either --out FILE, to write a recording, or --play, to send it to Kafka")
    if recording and (out or labels or scenario):
        raise typer.BadParameter("--from plays what is there: it takes neither --out nor --labels nor --scenario")
    if recording:
        _play_files(recording, brokers, speed, console)
        return
    world = _world(seed, sites, days, start, scenario or [])
    if out:
        _write(world, out, console)
    else:
        _send(_watched(world, console), brokers, speed, console)
    if labels:
        _label(world, labels)
    rubbish = f", {world.spoilt:,} of them spoilt on purpose" if world.spoilt else ""
    console.print(f"{world.objects:,} objects of {sites} sites over {days} days{rubbish}")
    for label in world.labels:
        at = label.document()
        console.print(f"{label.name} at {label.site}: {at['start']} to {at['end']}")


def _list() -> None:
    from streams.local.simulator.scenarios import library

    for scenario in library().values():
        typer.echo(f"{scenario.name:20} {scenario.kind:7} {scenario.summary}")


def _world(seed: int, sites: int, days: int, start: str, scenarios: list[str]) -> "World":
    from streams.local.simulator.scenarios import Part
    from streams.local.simulator.world import World

    try:
        return World(seed, sites, days, date.fromisoformat(start), [Part.parse(text) for text in scenarios])
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _write(world: "World", out: Path, console: "Console") -> None:
    from streams.telemetry.recording import writing

    out.parent.mkdir(parents=True, exist_ok=True)
    with writing(out) as append:
        for line in _watched(world, console):
            append(line)
    console.print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def _label(world: "World", path: Path) -> None:
    from msgspec import json

    documents = [label.document() for label in sorted(world.labels, key=lambda label: label.start)]
    path.write_bytes(json.format(json.encode(documents), indent=1) + b"\n")


def _watched(world: "World", console: "Console") -> "Iterator[Line]":
    """Show on a terminal how many days have been lived through."""
    from rich.progress import Progress

    with Progress(console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("simulating", total=world.days)
        for line in world.lines():
            if line.number % 2000 == 0:
                bars.update(task, completed=world.lived)
            yield line


def _play_files(paths: list[Path], brokers: str | None, speed: float, console: "Console") -> None:
    from rich.progress import Progress

    from streams.telemetry.recording import RecordingError, replay

    with Progress(console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("playing", total=sum(path.stat().st_size for path in paths))
        try:
            lines = (line for _, line in replay(paths, lambda done: bars.advance(task, done)))
            _send(lines, brokers, speed, console)
        except RecordingError as error:
            raise typer.BadParameter(str(error)) from error


def _send(lines: "Iterable[Line]", brokers: str | None, speed: float, console: "Console") -> None:
    from msgspec.structs import replace

    from streams.local.player import Player, PlayError
    from streams.settings import Settings, SettingsError, librdkafka_config

    try:
        settings = Settings.from_env()
        if brokers:
            settings = replace(settings, brokers=brokers)
        settings.check()
        player = Player(settings.brokers, speed, config=librdkafka_config(settings))
        with _interrupts(player.stop):
            done = player.play(lines)
    except (PlayError, SettingsError) as error:
        console.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from error
    console.print(f"{done.records:,} records and {done.ticks:,} ticks sent to {settings.brokers}")


@contextmanager
def _interrupts(stop: Callable[[], None]) -> Iterator[None]:
    """Turn Ctrl-C into a stop, so that what has been sent is still delivered and cut."""
    before = signal.signal(signal.SIGINT, lambda *_: stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
