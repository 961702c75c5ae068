"""`tocsin verify`: find any change, gap or reordering in what was sealed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streams.evidence.verify import Checkpoint, Copy

MOST = 100
"""Problems that are listed, at most."""


def command(
    folder: Annotated[
        Path | None, typer.Argument(help="The ledger's folder or a copy of it.", file_okay=False, exists=True)
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="The public key that was put away: a file or its 64 digits; may be repeated."),
    ] = None,
    topic: Annotated[
        bool, typer.Option("--topic", help="Compare with the topic `evidence`; without a folder, check it alone.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Compare with this other copy of the folder.", file_okay=False, exists=True)
    ] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE:LINK:HASH|FILE", help="Links that were written down; may be repeated."),
    ] = None,
    brokers: Annotated[
        str | None, typer.Option(help="Kafka's addresses, for --topic; TOCSIN_BROKERS otherwise.")
    ] = None,
) -> None:
    """Find any change, gap or reordering in what was sealed, and say where.

    That the end was cut off shows by the platform's chain, and where that was cut off as well, by the topic, by another
    copy or by a checkpoint. On success the chains' last links are printed as such: write them down in another place.
    Exit code 0 when all is as it was sealed, 1 when not, 2 when that can't be told.
    """
    from streams.evidence.folder import Folder
    from streams.evidence.keys import KeyUnusableError, trusted
    from streams.evidence.shelf import FolderError
    from streams.evidence.topic import TopicError, links
    from streams.evidence.verify import Copy, size
    from streams.settings import Settings, SettingsError

    if folder is None and not topic:
        raise typer.BadParameter("say which folder, or --topic")
    if not key:
        raise typer.BadParameter("give the public key with --key: who forges can sign with a key of his own")
    try:
        keys = [trusted(one) for one in key]
        points = _points(checkpoint or [])
        settings = Settings.from_env(given={"TOCSIN_BROKERS": brokers})
        checked, published = Copy("the folder", []), Copy(f"the topic on {settings.brokers}", [])
        if topic:
            published.read_links(links(settings))
        if folder is not None:
            with _progress(size(folder)) as advance:
                checked.read_folder(Folder(folder), advance)
            if topic:
                checked.compare(published, complete=True)
        main = checked if folder is not None else published
        if against is not None:
            other = Copy(f"the copy {against}", [])
            shelves = Folder(against)
            other.read_links((chain, line) for chain in shelves.chains() for line in shelves.shelf(chain).all())
            main.compare(other, complete=False)
        main.check_keys(keys)
        main.check_heads()
        main.check_points(points)
    except (KeyUnusableError, SettingsError, TopicError, FolderError, OSError) as error:
        typer.echo(f"tocsin verify: {error}", err=True)
        raise typer.Exit(2) from error
    _tell(main)


def _tell(copy: "Copy") -> None:
    problems = copy.problems
    records = sum(track.records for track in copy.tracks.values())
    whole = sum(content.whole for content in copy.contents.values())
    links = sum(map(len, copy.tracks.values()))
    for line in copy.gone:
        typer.echo(f"never sealed: {line}", err=True)
    for line in copy.lost:
        typer.echo(line, err=True)
    for problem in problems[:MOST]:
        typer.echo(str(problem), err=True)
    if len(problems) > MOST:
        typer.echo(f"and {len(problems) - MOST:,} more", err=True)
    told = f"{len(copy.tracks)} chains, {links:,} links, {records:,} records, {whole:,} of them whole"
    if problems or not links:
        typer.echo(f"{told}: NOT as it was sealed" if links else "there is nothing sealed", err=True)
        raise typer.Exit(1)
    for point in copy.checkpoints:
        typer.echo(str(point))
    typer.echo(f"{told}: all as it was sealed", err=True)


def _points(given: list[str]) -> "list[Checkpoint]":
    import re

    from streams.evidence.verify import Checkpoint

    points = []
    for one in given:
        for line in [one] if ":" in one else Path(one).read_text().split():
            if not (found := re.fullmatch(r"([A-Z0-9-]{3,32}|platform):(\d+):([0-9a-f]{64})", line)):
                raise typer.BadParameter(f"{line}: a checkpoint is SITE:LINK:HASH, as `tocsin verify` prints it")
            points.append(Checkpoint(found[1], int(found[2]), found[3]))
    return points


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    """Draw a bar over the bytes of all files, on a terminal only; yields what takes the bytes read."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("verify"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
