"""`tocsin backtest`: recordings through the very code that serves the stream."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer


def command(
    recordings: Annotated[
        list[Path], typer.Argument(help="Recordings: NDJSON, plain or .gz or .zst; several are merged by arrival.")
    ],
    labels: Annotated[
        Path | None, typer.Option(help="Labels of what really happened (JSON); scores the run against them.")
    ] = None,
    findings: Annotated[bool, typer.Option("--findings", help="Also write findings and dead letters.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write the figures to this JSON file.")] = None,
    processes: Annotated[
        int, typer.Option(min=0, help="Processes that share the sites; 0 takes one a core where it pays.")
    ] = 0,
) -> None:
    """Run recordings through the very code that serves the stream; one JSON object a line on standard output."""
    import msgspec

    from streams.telemetry.recording import RecordingError

    try:
        run(recordings, labels, findings, report, processes)
    except (RecordingError, OSError, msgspec.MsgspecError) as error:
        typer.echo(f"tocsin backtest: {error}", err=True)
        raise typer.Exit(2) from error


def run(recordings: list[Path], labels: Path | None, findings: bool, report: Path | None, processes: int) -> None:
    """Write the events to standard output, the figures to `report` and, on a terminal, a summary to standard error."""
    import msgspec

    from streams.backtest.team import Team, fitting
    from streams.incidents.backtest import Backtest
    from streams.incidents.scoring import Label, Scorer
    from streams.process import collect_seldom
    from streams.telemetry.recording import replay

    scorer = Scorer(msgspec.json.decode(labels.read_bytes(), type=list[Label]) if labels else [])
    processes = processes or fitting(recordings)
    backtest: Backtest | Team = Backtest() if processes == 1 else Team(processes)
    collect_seldom()
    write = sys.stdout.buffer.write
    began = time.perf_counter()
    with _progress(recordings) as advance:
        if isinstance(backtest, Team):
            events = backtest.run(recordings, advance)
        else:
            events = backtest.run(replay(recordings, advance))
        for told in events:
            scorer.take(told)
            if findings or "incident" in told:
                write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()
    figures = scorer.report(backtest.site_days()) | {
        "events": backtest.events,
        "events_per_s": round(backtest.events / (time.perf_counter() - began), 1),
        "dead_letters": dict(sorted(backtest.refused.items())),
    }
    if report:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    if labels or report or sys.stderr.isatty():
        _summary(figures, len(scorer.pages), len(scorer.warnings))


@contextmanager
def _progress(recordings: list[Path]) -> Iterator[Callable[[int], None] | None]:
    """Draw a bar over the bytes of all recordings, on a terminal only; yields what takes the bytes read."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("backtest"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(path.stat().st_size for path in recordings))
        yield lambda count: bar.advance(task, count)


def _summary(figures: dict[str, Any], pages: int, warnings: int) -> None:
    from detectors import WAY
    from detectors.compiled import SAID

    dead = sum(figures["dead_letters"].values())
    typer.echo(
        f"{figures['events']} objects of {figures['site_days']} site-days, {dead} dead letters, "
        f"{pages} pages ({figures['false_pages']} false), {warnings} incidents to look at, "
        f"{figures['events_per_s']:.0f} objects/s; {SAID[WAY]}",
        err=True,
    )
    for row in figures["labels"]:
        state = "paged" if row["paged"] else "warned of" if row["warned"] else "not seen"
        delay = (
            ""
            if row["delay_second_domain_s"] is None
            else (
                f", {row['delay_s']:.0f} s after its first sign, "
                f"{row['delay_second_domain_s']:.0f} s after the second domain's"
            )
        )
        typer.echo(f"  {row['site']} {row['name']} ({row['kind']}): {state}{delay}", err=True)
