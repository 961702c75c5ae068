"""`tocsin demo`: everything on this machine, and the reference night being caught."""

import signal
import time
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from streams.local.demo import Demo


def command() -> None:
    """Run everything on this machine and watch the reference night being caught.

    Starts a real Kafka, a worker, a notifier and, where they are installed, Prometheus and Alertmanager; plays three
    simulated sites, at one of which thieves come in the night. Exit code 0 only if the page for that site came and no
    other page did. Ctrl-C ends everything that was started.
    """
    from rich.console import Console

    from streams.local.demo import Demo
    from streams.local.jars import LocalError
    from streams.local.screen import verdict

    console = Console()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with Demo() as demo:
            _watch(demo, console)
            console.print(verdict(demo))
            console.print(f"The demo took {time.monotonic() - demo.began:.0f} s.")
            caught = demo.caught()
    except KeyboardInterrupt:
        console.print("Stopped; nothing is left running.")
        raise typer.Exit(130) from None
    except LocalError as error:
        console.print(f"tocsin demo: {error}", style="red")
        raise typer.Exit(1) from error
    if not caught:
        console.print("The page for the right site did not come, or another one did.", style="red")
        raise typer.Exit(1)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _watch(demo: "Demo", console: "Console") -> None:
    from rich.live import Live

    from streams.local.screen import live

    if not console.is_terminal:
        _report(demo, console)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as screen:
        screen.update("starting Kafka …")
        demo.start()
        records, since, rate = 0, time.monotonic(), 0.0
        while not demo.over():
            time.sleep(0.25)
            now = time.monotonic()
            if now - since >= 1.0:
                rate = (demo.progress.records - records) / (now - since)
                records, since = demo.progress.records, now
            screen.update(live(demo, rate))


def _report(demo: "Demo", console: "Console") -> None:
    """Say in plain lines what goes on, where there is no terminal to draw on."""
    demo.start()
    stage = ""
    while not demo.over():
        if demo.stage != stage:
            stage = demo.stage
            console.print(f"{time.monotonic() - demo.began:5.1f} s  {stage}")
        time.sleep(0.25)
