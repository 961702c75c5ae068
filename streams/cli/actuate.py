"""`tocsin actuate`: carry out what the platform tells a site to do."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    site: Annotated[list[str], typer.Option(help="Whose commands; once for each site.")],
    exec_: Annotated[
        str | None, typer.Option("--exec", help="A program: the command on its standard input; exit code 0 means done.")
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="An address to POST the command to; 2xx means done.")] = None,
    mqtt: Annotated[
        str | None, typer.Option(help="mqtt://[USER@]HOST/TOPIC; the answer is expected on TOPIC/confirmed.")
    ] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="Holds the webhook's bearer token or the MQTT user's password.")
    ] = None,
    advised: Annotated[bool, typer.Option("--advised", help="Carry out what is merely advised, too.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, max=25.0, help="Seconds that one command may take.")] = 20.0,
    oldest: Annotated[float, typer.Option(min=1.0, help="Seconds after which a command is out of date.")] = 600.0,
    journal: Annotated[Path, typer.Option(help="Remembers what was carried out; keep it.")] = Path("actuator.sqlite"),
    name: Annotated[str, typer.Option(help="By whom commands are confirmed.")] = "actuator",
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of /metrics; 0 takes a free one.")] = None,
) -> None:
    """Carry out a site's commands (lock down, hold the shipment, release), each at most once, and confirm them.

    Which commands are automatic the site's policy says, in `control.sites`. The confirmation stands in the incident; an
    automatic command that nobody confirms within 30 s, or that fails, pages. One that was interrupted is not begun
    again but reported as failed.
    """
    import time
    from contextlib import closing

    from streams import metrics
    from streams.process import UnusableError, going, log_to_stderr, show
    from streams.settings import Settings, SettingsError
    from streams.sites.actuator.actuator import Actuator, ActuatorError
    from streams.sites.actuator.hand import HandError
    from streams.sites.actuator.hands import make
    from streams.sites.actuator.journal import Journal, JournalError

    try:
        given = {"TOCSIN_BROKERS": brokers, "TOCSIN_ACTUATOR_PORT": port}
        settings = Settings.from_env(given=given)
        hand = make(exec_, webhook, mqtt, secret_file)
        book = Journal(journal, time.time())
    except (SettingsError, HandError, JournalError) as error:
        typer.echo(f"tocsin actuate: {error}", err=True)
        raise typer.Exit(2) from error
    log_to_stderr("httpx")
    actuator = Actuator(settings, site, hand, book, name=name, advised=advised, timeout=timeout, oldest=oldest)
    try:
        with closing(book), closing(show(settings, [metrics.ACTUATOR], "actuator_port", ready=actuator.unready)):
            actuator.run(going())
    except (UnusableError, ActuatorError) as error:
        typer.echo(f"tocsin actuate: {error}", err=True)
        raise typer.Exit(1) from error
