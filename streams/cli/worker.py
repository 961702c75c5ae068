"""`tocsin worker`: consume telemetry, detect, correlate and publish incidents."""

from typing import Annotated

import typer


def command(
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Port of /metrics; 0 takes a free one.")] = None,
    clock: Annotated[str | None, typer.Option(help="`wall`, or `log` when a player makes the time.")] = None,
) -> None:
    """Consume telemetry, detect, correlate and publish incidents, until it is told to stop.

    Start as many as there is work; they share the partitions. What they know survives them in Kafka. A worker that
    meets what it does not expect says so and ends with exit code 70, to be started again.
    """
    from streams.incidents.registry import Registry
    from streams.incidents.shard import Shard
    from streams.process import UnusableError, log_to_stderr
    from streams.settings import Settings, SettingsError
    from streams.topics import TopicsError
    from streams.worker.app import run

    given = {"TOCSIN_BROKERS": brokers, "TOCSIN_METRICS_PORT": metrics_port, "TOCSIN_CLOCK": clock}
    try:
        settings = Settings.from_env(given=given)
    except SettingsError as error:
        typer.echo(f"tocsin worker: {error}", err=True)
        raise typer.Exit(2) from error
    log_to_stderr("faust", "mode", "aiokafka", "streams.worker.transport")
    try:
        run(settings, lambda: Shard(Registry()))
    except (TopicsError, UnusableError) as error:
        typer.echo(f"tocsin worker: {error}", err=True)
        raise typer.Exit(1) from error
