"""`tocsin access`: a user of its own for each of the platform's processes."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    role: Annotated[str, typer.Argument(help="worker, gate, notifier, console, ledger, actuate, report or drill.")],
    folder: Annotated[Path, typer.Option(file_okay=False, help="Where its password goes.")] = Path(),
) -> None:
    """Give one of the platform's processes a user that may do what it has to, and nothing else.

    To be run as the cluster's administrator. Prints the variables with which the process logs in; run again, it makes a
    new password, and the old one opens nothing any more.
    """
    from streams.settings import Settings, SettingsError
    from streams.sites.access.paper import PaperError, kept
    from streams.sites.access.rights import of_roles
    from streams.sites.access.users import AccessError, Users

    try:
        settings = Settings.from_env()
        roles = of_roles(settings)
        if role not in roles:
            raise typer.BadParameter(f"{role}: there are {', '.join(roles)}")
        file = folder.absolute() / f"{role}.password"
        with kept(file) as keep:
            user, password = Users(settings).add_role(role)
            keep(password)
    except (SettingsError, AccessError, PaperError) as error:
        typer.echo(f"tocsin access: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"TOCSIN_SASL_USERNAME={user}\nTOCSIN_SASL_PASSWORD_FILE={file}")
