"""`tocsin ledger`: seal what was measured, found, decided and done."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streams.settings import Settings


class Action(StrEnum):
    """What can be done."""

    run = "run"
    keygen = "keygen"
    rotate = "rotate"
    adopt = "adopt"


def command(
    action: Annotated[
        Action, typer.Argument(help="Seal, make a key, hand the chains on to another, or build a lost folder anew.")
    ] = Action.run,
    folder: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where to seal into; TOCSIN_LEDGER_FOLDER otherwise.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The private key; TOCSIN_LEDGER_KEY_FILE otherwise.")
    ] = None,
    to: Annotated[Path | None, typer.Option(dir_okay=False, help="The private key to hand on to, for rotate.")] = None,
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of /metrics; 0 takes a free one.")] = None,
) -> None:
    """Seal telemetry, findings, incidents, commands and what people do, each site in a signed hash chain.

    The links go to the topic `evidence` and, with what they seal, into a folder, best on another machine's disk. Only
    one ledger may run. `keygen --key FILE` makes a key: keep FILE for the ledger alone, and give FILE.pub, or the
    digits that are printed, to whoever is to verify. `rotate --to FILE` hands the chains on while no ledger runs.
    `adopt` builds a lost folder anew from the topic and what Kafka still has, or brings an old copy of it up to date.
    """
    import os

    from streams.evidence.keys import KeyUnusableError
    from streams.evidence.process import run
    from streams.evidence.shelf import FolderError
    from streams.evidence.topic import TopicError
    from streams.process import UnusableError
    from streams.settings import Settings, SettingsError
    from streams.sites.access.paper import PaperError

    given = {
        "TOCSIN_BROKERS": brokers,
        "TOCSIN_LEDGER_PORT": port,
        "TOCSIN_LEDGER_FOLDER": folder,
        "TOCSIN_LEDGER_KEY_FILE": None if action is Action.keygen else key,
    }
    if key:
        os.environ.pop("TOCSIN_LEDGER_KEY", None)
    try:
        settings = Settings.from_env(given=given)
        if action is Action.keygen:
            return _keygen(key)
        if action is Action.rotate:
            return _rotate(settings.ledger_folder, settings.ledger_key, to)
        if action is Action.adopt:
            return _adopt(settings)
        code = run(settings)
    except (SettingsError, UnusableError, FolderError, TopicError, KeyUnusableError, PaperError) as error:
        typer.echo(f"tocsin ledger: {error}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(code)


def _keygen(key: Path | None) -> None:
    from streams.evidence.keys import new_key, trusted
    from streams.sites.access.paper import kept

    if key is None:
        raise typer.BadParameter("say where the key goes: --key FILE")
    public = key.with_name(f"{key.name}.pub")
    if key.exists() or public.exists():
        raise typer.BadParameter(f"{key} is there already; a key is never overwritten, for old seals need it")
    private_pem, public_pem = new_key()
    with kept(key) as keep:
        keep(private_pem)
    public.write_text(public_pem)
    typer.echo(trusted(str(public)))
    typer.echo(f"{key} is the ledger's alone; give {public}, or these digits, to whoever is to verify", err=True)


def _adopt(settings: "Settings") -> None:
    from rich.console import Console
    from rich.progress import Progress

    from streams.evidence.adopt import adopt
    from streams.evidence.folder import Folder

    if not settings.ledger_folder or not settings.ledger_key:
        raise typer.BadParameter("say --folder (a new one, or an old copy) and --key (the ledger's)")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reads again", total=None)
        done = adopt(
            settings, Folder(Path(settings.ledger_folder)), lambda read, of: bar.update(task, completed=read, total=of)
        )
    told = f"{done.links} links were taken from the topic; of {done.lost} of them what they sealed is lost"
    typer.echo(f"{told}. Start the ledger with {settings.ledger_folder}", err=True)


def _rotate(folder: str, old: str, to: Path | None) -> None:
    from streams.evidence.folder import Folder
    from streams.evidence.rotate import rotate
    from streams.evidence.shelf import FolderError

    if to is None or not folder or not old:
        raise typer.BadParameter("say --folder, --key (the key until now) and --to (the next one)")
    try:
        new = to.read_text()
    except OSError as error:
        raise FolderError(f"{to}: {error.strerror or error}") from error
    typer.echo(f"{rotate(Folder(Path(folder)), old, new)} chains were handed on; start the ledger with {to}", err=True)
