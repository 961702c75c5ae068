"""`tocsin gate`: let sites' telemetry in, each for itself."""

from typing import Annotated

import typer


def command(
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of /metrics; 0 takes a free one.")] = None,
) -> None:
    """Let sites' telemetry in: read `in.*`, take the site from the topic's name, judge, and write `telemetry.*`.

    Start as many as there is work; they share the sites. What they can't let in goes to the dead letters with the site
    that sent it. Nothing is kept on disk. A gate that Kafka takes nothing from ends with exit code 70, to be started
    again.
    """
    from streams.process import UnusableError
    from streams.settings import Settings, SettingsError
    from streams.sites.gate.process import run

    given = {"TOCSIN_BROKERS": brokers, "TOCSIN_GATE_PORT": port}
    try:
        settings = Settings.from_env(given=given)
        code = run(settings)
    except (SettingsError, UnusableError) as error:
        typer.echo(f"tocsin gate: {error}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(code)
