"""`tocsin topics`: create the platform's topics and check them."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from streams.settings import Settings
    from streams.topics import Row


def command(
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS when not given.")] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Of new topics; TOCSIN_PARTITIONS when not given.")
    ] = None,
    replication: Annotated[int | None, typer.Option(min=1, help="Copies; TOCSIN_REPLICATION when not given.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only look, create nothing.")] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for Kafka, which may be starting or still be fetched.")
    ] = 600.0,
) -> None:
    """Create the platform's topics that are missing, check all of them, and fail when one is wrong."""
    from rich.console import Console

    from streams.settings import Settings, SettingsError
    from streams.topics import TopicsError, create, look, usual_count

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    given = {"TOCSIN_BROKERS": brokers, "TOCSIN_PARTITIONS": partitions, "TOCSIN_REPLICATION": replication}
    try:
        settings = Settings.from_env(given=given)
        _wait(settings, wait, console)
        rows = look(settings) if check else create(settings)
    except (SettingsError, TopicsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    Console(highlight=False).print(_table(rows))
    wrong = [f"{row.topic.name}: {row.problem}" for row in rows if row.problem]
    usual = usual_count(rows)
    if partitions and usual not in (0, partitions):
        wrong.append(
            f"The topics have {usual} partitions, not {partitions}: more would send sites to other workers than their "
            "state. Leave it, or stop everything, delete the topics, and run this again"
        )
    for line in wrong:
        console.print(line, style="red", markup=False)
    if wrong:
        raise typer.Exit(1)


def _wait(settings: "Settings", seconds: float, console: "Console") -> None:
    """Wait for Kafka, and let people see that and why."""
    import time

    from streams.topics import wait_for_kafka

    began = time.monotonic()
    with console.status("") as status:

        def tell(reason: str) -> None:
            waited = time.monotonic() - began
            status.update(f"waiting for Kafka at {settings.brokers}, {waited:.0f} of {seconds:.0f} s: {reason}")
            if not console.is_terminal and not told:
                console.print(f"Waiting up to {seconds:.0f} s for Kafka at {settings.brokers}: {reason}", markup=False)
            told.append(reason)

        told: list[str] = []
        wait_for_kafka(settings, seconds, tell)


def _table(rows: "list[Row]") -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("topic", no_wrap=True)
    table.add_column("holds")
    table.add_column("partitions", justify="right")
    table.add_column("copies", justify="right")
    table.add_column("kept")
    table.add_column("")
    for row in rows:
        mark = "[red]wrong[/red]" if row.problem else "[green]ok[/green]"
        numbers = (str(row.partitions), str(row.replication), row.policy) if row.partitions else ("–", "–", "–")
        table.add_row(row.topic.name, row.topic.meaning, *numbers, mark)
    return table
