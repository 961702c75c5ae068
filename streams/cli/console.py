"""`tocsin console`: incidents as pages on which people look, judge and act."""

from enum import StrEnum
from typing import Annotated

import typer


class Role(StrEnum):
    """What a user may do."""

    viewer = "viewer"
    analyst = "analyst"


def command(
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
    host: Annotated[str | None, typer.Option(help="Address where it answers; TOCSIN_CONSOLE_HOST otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port on which it answers; 0 takes a free one.")] = None,
    users: Annotated[str | None, typer.Option(help="The file of users; TOCSIN_CONSOLE_USERS otherwise.")] = None,
    add_user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Add a user, print the token once, and end.")
    ] = None,
    remove_user: Annotated[str | None, typer.Option(metavar="NAME", help="Shut a user out, and end.")] = None,
    role: Annotated[Role, typer.Option(help="Of the user that is added: look only, or act as well.")] = Role.viewer,
    site: Annotated[
        list[str] | None, typer.Option(help="A site that is there for this user, once for each; all otherwise.")
    ] = None,
) -> None:
    """Serve incidents as pages on which people look, acknowledge, assign, note, judge and silence.

    It reads the topics from their beginning at each start and keeps nothing itself; what somebody does is a record on
    `control.*`, which is the audit trail as well. It answers on the loopback only, unless it speaks TLS
    (TOCSIN_CONSOLE_CERTIFICATE and TOCSIN_CONSOLE_KEY) or something before it does (TOCSIN_CONSOLE_FRONT=tls).
    """
    import asyncio
    import logging
    from pathlib import Path

    from streams.console import people
    from streams.console.app import run
    from streams.process import UNEXPECTED, UnusableError, log_to_stderr
    from streams.settings import Settings, SettingsError

    given = {
        "TOCSIN_BROKERS": brokers,
        "TOCSIN_CONSOLE_HOST": host,
        "TOCSIN_CONSOLE_PORT": port,
        "TOCSIN_CONSOLE_USERS": users,
    }
    log_to_stderr()
    try:
        settings = Settings.from_env(given=given)
        file = Path(settings.console_users).expanduser()
        if add_user is not None:
            typer.echo(people.add(file, add_user, role.value, site or []))
            typer.echo(f"{add_user} can log in with this token. It stands nowhere else: {file} has its hash.", err=True)
            return
        if remove_user is not None:
            people.remove(file, remove_user)
            typer.echo(f"{remove_user} is shut out.", err=True)
            return
    except (SettingsError, people.PeopleError) as error:
        typer.echo(f"tocsin console: {error}", err=True)
        raise typer.Exit(2) from error
    try:
        asyncio.run(run(settings))
    except UnusableError as error:
        typer.echo(f"tocsin console: {error}", err=True)
        raise typer.Exit(1) from error
    except ExceptionGroup as failure:
        logging.getLogger("tocsin.console").critical("Stopped by what it does not expect.", exc_info=failure)
        raise typer.Exit(UNEXPECTED) from failure
