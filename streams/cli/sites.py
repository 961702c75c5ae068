"""`tocsin sites`: who may speak for which site."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from streams.sites.access.users import SiteAccess


class Action(StrEnum):
    """What can be done."""

    add = "add"
    rotate = "rotate"
    revoke = "revoke"
    list = "list"


def command(
    action: Annotated[Action, typer.Argument(help="Make a site, give it a new password, shut it out, or list all.")],
    site: Annotated[str | None, typer.Argument(help="The site's id; not for list.")] = None,
    folder: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where its site.toml and password go; ./SITE otherwise.")
    ] = None,
    sites_brokers: Annotated[
        str | None, typer.Option(help="Addresses at which sites reach Kafka; TOCSIN_BROKERS otherwise.")
    ] = None,
    rate: Annotated[int, typer.Option(min=1, help="Bytes a second that the site may write.")] = 1 << 20,
) -> None:
    """Say who may speak for which site: add, rotate, revoke or list.

    To be run as the cluster's administrator. `add` makes the site's own topic `in.SITE`, a user who may write there and
    do nothing else, and its quota, and leaves a folder for the site: site.toml, its password, the authority's
    certificate. `revoke` shuts it out at once.
    """
    from rich.console import Console

    from streams.settings import Settings, SettingsError
    from streams.sites.access.paper import PaperError, kept, write
    from streams.sites.access.users import AccessError, Users

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        settings = Settings.from_env()
        users = Users(settings)
        if action is Action.list:
            Console(highlight=False).print(_table(users.sites()))
            return
        name = _site(site)
        if action is Action.revoke:
            users.revoke(name)
            console.print(f"{name} is shut out; what it sent stays in in.{name}")
            return
        place = folder or Path(name)
        with kept(place / "password") as keep:
            keep(users.add_site(name, rate) if action is Action.add else users.rotate(name))
        write(place, name, settings, sites_brokers or settings.brokers)
        typer.echo((place / "site.toml").read_text(), nl=False)
        console.print(f"Give the folder {place} to the site, by a way that nobody else can read")
    except (SettingsError, AccessError, PaperError) as error:
        console.print(f"tocsin sites: {error}", style="red", markup=False)
        raise typer.Exit(1) from None


def _site(site: str | None) -> str:
    import re

    from streams.telemetry.envelope import SITE_PATTERN

    if site is None or not re.search(SITE_PATTERN, site):
        raise typer.BadParameter(f"{site or 'nothing'} is no site id: 3 to 32 of A-Z, 0-9 and -")
    return site


def _table(rows: "list[SiteAccess]") -> "Table":
    from rich import box
    from rich.table import Table

    table = Table("site", "logs in", "may write", "topic", "kB/s", box=box.SIMPLE_HEAD)
    for row in rows:
        flags = ["yes" if flag else "no" for flag in (row.user, row.may_write, row.topic)]
        table.add_row(row.site, *flags, f"{row.rate / 1000:,.0f}" if row.rate else "")
    return table
