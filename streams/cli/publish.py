"""`tocsin publish`: a file's or a pipe's objects into Kafka, as a site publishes them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from streams.sites.batch import Summary


def command(
    site: Annotated[str, typer.Option(help="The site that speaks.")],
    file: Annotated[
        Path, typer.Argument(metavar="[FILE|-]", help="NDJSON or CSV; - reads standard input.", allow_dash=True)
    ] = Path("-"),
    form: Annotated[
        str | None, typer.Option("--format", help="`ndjson` or `csv`; by the file's name otherwise.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="For objects that lack the field.")
    ] = None,
    spool: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep in this folder what Kafka does not have yet.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="in.SITE if Kafka has it, else each domain's telemetry.*, when not given.")
    ] = None,
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS when not given.")] = None,
    heartbeat: Annotated[float, typer.Option(min=0, help="Seconds between heartbeats of its own; 0: none.")] = 0,
    refused: Annotated[Path | None, typer.Option(help="Write what was refused, and why, to this file.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for Kafka at the end.")] = 30,
) -> None:
    """Publish objects from a file or a pipe, and say which were refused and why.

    CSV's first line names the fields; an empty cell is an absent field; elements of a list are parted by `;`. Exit code
    0 when all were taken and Kafka has them.
    """
    import signal

    from rich.console import Console

    from streams.settings import Settings, SettingsError
    from streams.sites import SpoolError
    from streams.sites.batch import Batch, BatchError
    from streams.sites.rows import RowsError

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        settings = Settings.from_env(given={"TOCSIN_BROKERS": brokers})
        batch = Batch(site, settings, spool=spool, topic=topic, heartbeat_s=heartbeat, defaults=given or [])
        summary = batch.run(file, form, wait, console, refused)
    except (SettingsError, SpoolError, RowsError, BatchError, OSError) as error:
        console.print(f"tocsin publish: {error}", style="red", markup=False)
        raise typer.Exit(2) from None
    _tell(summary, console)
    if summary.interrupted:
        raise typer.Exit(130)
    if summary.refusals or summary.pending:
        raise typer.Exit(1)


def _tell(summary: "Summary", console: "Console") -> None:
    console.print(
        f"{summary.taken:,} objects of {summary.site} published to {summary.where}, "
        f"{summary.refusals:,} refused" + (" before it was stopped" if summary.interrupted else "")
    )
    for reason, (count, lines) in sorted(summary.reasons.items(), key=lambda item: -item[1][0]):
        listed = ", ".join(map(str, lines)) + (", …" if count > len(lines) else "")
        console.print(f"  {count:,} × {reason} (line{'s' if count > 1 else ''} {listed})", markup=False)
    if summary.pending:
        kept = "they are in the spool and go out at the next start" if summary.spooled else "they are lost"
        console.print(
            f"{summary.pending:,} did not get to Kafka ({summary.problem}); {kept}", style="red", markup=False
        )
    if summary.lost:
        console.print(f"{summary.lost:,} were given up because the spool was full", style="red")
