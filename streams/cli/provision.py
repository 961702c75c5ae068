"""`tocsin provision`: bring data source, folder and dashboards into Grafana."""

from typing import Annotated

import typer


def command(
    grafana_url: Annotated[str | None, typer.Option(help="Grafana's address; TOCSIN_GRAFANA_URL otherwise.")] = None,
    prometheus_url: Annotated[
        str | None, typer.Option(help="Prometheus as Grafana reaches it; TOCSIN_PROMETHEUS_URL otherwise.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Bring data source, folder and dashboards into Grafana; doing it again changes nothing.

    It needs a service account's token with the role Admin in TOCSIN_GRAFANA_TOKEN (or a file named by
    TOCSIN_GRAFANA_TOKEN_FILE), or TOCSIN_GRAFANA_USER and TOCSIN_GRAFANA_PASSWORD.
    """
    from pathlib import Path

    from dashboards.provision import provision
    from streams.alerts.grafana import Grafana, GrafanaError
    from streams.settings import Settings, SettingsError

    given = {"TOCSIN_GRAFANA_URL": grafana_url, "TOCSIN_PROMETHEUS_URL": prometheus_url}
    try:
        settings = Settings.from_env(given=given)
    except SettingsError as error:
        typer.echo(f"tocsin provision: {error}", err=True)
        raise typer.Exit(2) from error
    if not settings.grafana_url:
        typer.echo("tocsin provision: say where Grafana is, by --grafana-url or TOCSIN_GRAFANA_URL.", err=True)
        raise typer.Exit(2)
    try:
        authority = Path(settings.web_ca_file).read_text() if settings.web_ca_file else ""
        for change in provision(Grafana.of(settings), settings.prometheus_url, authority, dry_run=dry_run):
            would = "would be " if dry_run and change.action != "unchanged" else ""
            typer.echo(f"{would}{change.action}: {change.thing}")
            for detail in change.details:
                typer.echo(f"    {detail}")
    except GrafanaError as error:
        typer.echo(f"tocsin provision: {error}", err=True)
        raise typer.Exit(1) from error
