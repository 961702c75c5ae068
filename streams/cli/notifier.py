"""`tocsin notifier`: carry incidents to Alertmanager, Prometheus and Grafana."""

from typing import Annotated

import typer


def command(
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
    alertmanager: Annotated[
        list[str] | None, typer.Option(help="An Alertmanager, once for each; TOCSIN_ALERTMANAGERS otherwise.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of /metrics and /runbooks; 0 takes a free one.")] = None,
) -> None:
    """Carry incidents to Alertmanager, Prometheus and Grafana, each independently of the others.

    It reads the topic of incidents from its beginning at each start and keeps nothing itself. Grafana is told where
    TOCSIN_GRAFANA_URL and TOCSIN_GRAFANA_TOKEN are set. What it does not expect ends it with exit code 70, to be
    started again.
    """
    import asyncio
    import logging

    from dashboards.configuration import runbooks
    from streams.alerts.process import run
    from streams.process import UNEXPECTED, UnusableError, log_to_stderr
    from streams.settings import Settings, SettingsError

    given = {
        "TOCSIN_BROKERS": brokers,
        "TOCSIN_ALERTMANAGERS": ",".join(alertmanager) if alertmanager else None,
        "TOCSIN_NOTIFIER_PORT": port,
    }
    log_to_stderr("httpx")
    try:
        settings = Settings.from_env(given=given)
    except SettingsError as error:
        typer.echo(f"tocsin notifier: {error}", err=True)
        raise typer.Exit(2) from error
    try:
        asyncio.run(run(settings, {f"/runbooks/{name}": text for name, text in runbooks().items()}))
    except UnusableError as error:
        typer.echo(f"tocsin notifier: {error}", err=True)
        raise typer.Exit(1) from error
    except ExceptionGroup as failure:
        logging.getLogger("tocsin.notifier").critical("Stopped by what it does not expect.", exc_info=failure)
        raise typer.Exit(UNEXPECTED) from failure
