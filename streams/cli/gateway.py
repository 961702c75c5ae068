"""`tocsin gateway`: a site's equipment into the platform."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    file: Annotated[Path, typer.Argument(metavar="SITE.TOML", help="The site's configuration.")],
    check: Annotated[bool, typer.Option("--check", help="Tell what would be sent and what is wrong, and end.")] = False,
) -> None:
    """Publish what a site's equipment says: UPSes, alarm panels, cameras, readers, warehouse systems, MQTT.

    Each source runs by itself; one that dies is started again, and its heartbeat stays out meanwhile. What can't go out
    waits on the disk.
    """
    import asyncio

    from streams.process import log_to_stderr
    from streams.sites.configuration import ConfigurationError, load
    from streams.sites.gateway import describe, serve
    from streams.sites.spool import SpoolError

    try:
        site = load(file)
    except ConfigurationError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    if check:
        for line in describe(site):
            typer.echo(line)
        return
    log_to_stderr()
    try:
        asyncio.run(serve(site))
    except (OSError, SpoolError) as error:
        typer.echo(f"tocsin gateway: {error}", err=True)
        raise typer.Exit(1) from error
