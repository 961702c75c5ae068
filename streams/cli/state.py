"""`tocsin state`: show, export or reset what is learnt of sites and devices."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.worker.memory import Kept


def command(
    action: Annotated[Literal["show", "export", "reset"], typer.Argument(help="What to do.")],
    site: Annotated[str, typer.Argument(help="The site; all of them for `show` and `export` when left out.")] = "",
    device: Annotated[str, typer.Option(help="Only this device, for `reset`.")] = "",
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
) -> None:
    """Show, export or reset what is learnt of sites and devices.

    `show` lists the sites' snapshots, or a site's devices. `export` writes them whole, one JSON object a line. `reset`
    has a site or a device learnt anew; the incident under way goes on, and no worker need be stopped.
    """
    from streams.settings import Settings, SettingsError
    from streams.topics import TopicsError
    from streams.worker.memory import MemoryMissingError, read, reset

    try:
        settings = Settings.from_env(given={"TOCSIN_BROKERS": brokers})
        if action != "reset":
            (show if action == "show" else export)(read(settings, site), bool(site))
        elif not site:
            raise MemoryMissingError("name the site that is to be learnt anew: `tocsin state reset SITE`")
        else:
            reset(settings, site, device)
            typer.echo(f"{device or 'All'} of {site} will be learnt anew from the worker's next tick on.")
    except SettingsError as error:
        typer.echo(f"tocsin state: {error}", err=True)
        raise typer.Exit(2) from error
    except (MemoryMissingError, TopicsError) as error:
        typer.echo(f"tocsin state: {error}", err=True)
        raise typer.Exit(1) from error


def show(kept: "Iterable[Kept]", in_full: bool) -> None:
    """Print a line a site, or, in full, a line a device."""
    import time

    from rich.console import Console
    from rich.table import Table

    columns = ("device", "known to") if in_full else ("site", "partition", "bytes", "devices", "age, s", "incident")
    table = Table(*columns)
    for each in kept:
        if in_full:
            for device, detectors in each.devices().items():
                table.add_row(device, ", ".join(detectors))
        else:
            incident = each.state["case"].get("incident")
            age = f"{max(time.time() - each.row.time, 0):.0f}"
            numbers = (str(each.partition), f"{each.size:,}", str(len(each.devices())), age)
            table.add_row(each.site, *numbers, "open" if incident else "")
    Console().print(table)


def export(kept: "Iterable[Kept]", in_full: bool) -> None:
    """Print one JSON object a line."""
    import msgspec

    for each in kept:
        told = {"site": each.site, "time": each.row.time, "ends": each.row.ends, "state": each.state}
        typer.echo(msgspec.json.encode(told).decode())
