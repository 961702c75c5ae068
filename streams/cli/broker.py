"""`tocsin broker`: a real Apache Kafka on this machine, until Ctrl-C."""

import signal
from pathlib import Path
from typing import Annotated

import typer


def command(
    port: Annotated[int, typer.Option(min=1, max=65533, help="The first broker's port; the others' follow.")] = 9092,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, help="Keep the data here; else it goes at the end.")
    ] = None,
    brokers_count: Annotated[int, typer.Option(metavar="1|3", help="Three go on when one of them is lost.")] = 1,
    secure: Annotated[bool, typer.Option("--secure", help="With log-ins, TLS and access control.")] = False,
) -> None:
    """Run a real Apache Kafka on this machine, without Docker or an installed Java."""
    from rich.console import Console

    from streams.local.jars import KAFKA, LocalError
    from streams.local.kafka import Cluster
    from streams.settings import SettingsError

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        cluster = Cluster(brokers_count, data=data, port=port, secure=secure)
        console.print(f"Apache Kafka {KAFKA} is starting; data and logs are in {cluster.folder}")
        with cluster:
            console.print(f"It answers at [bold]{cluster.bootstrap}[/bold]; Ctrl-C ends it")
            if cluster.security:
                console.print(f"Sites log in at [bold]{cluster.sites_bootstrap}[/bold]; the administrator with")
                for line in cluster.security.environment():
                    console.print(f"  export {line}")
            console.print(f"Create the topics: tocsin topics --brokers {cluster.bootstrap}")
            cluster.watch()
    except KeyboardInterrupt:
        console.print("Kafka has ended" + ("" if data else ", and its data is gone"))
    except (LocalError, SettingsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
