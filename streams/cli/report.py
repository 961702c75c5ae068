"""`tocsin report`: what the shift was like."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import datetime


def command(
    since: Annotated[str, typer.Option(help="How far back (12h, 90m, 7d), or a moment (RFC 3339).")] = "12h",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of Markdown.")] = False,
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
) -> None:
    """Tell what the shift was like: pages and how long they took, verdicts, what is silent, what was refused.

    All of it comes from the topics; devices are those of the workers' last snapshots. A verdict is given after a shift
    as well: ask again later for the last word on its pages.
    """
    from datetime import UTC, datetime

    import msgspec

    from streams.report.read import ReadError, read
    from streams.report.shift import tell
    from streams.report.words import markdown
    from streams.settings import Settings, SettingsError
    from streams.topics import TopicsError

    until = datetime.now(UTC)
    try:
        settings = Settings.from_env(given={"TOCSIN_BROKERS": brokers})
        begin = moment(since, until)
    except (SettingsError, ValueError) as error:
        typer.echo(f"tocsin report: {error}", err=True)
        raise typer.Exit(2) from error
    try:
        shift = tell(read(settings, begin, until), begin, until)
    except (ReadError, TopicsError) as error:
        typer.echo(f"tocsin report: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(msgspec.json.encode(shift).decode() if as_json else markdown(shift), nl=as_json)


def moment(text: str, now: "datetime") -> "datetime":
    """Read how far back a shift goes; raises `ValueError`, which says what is expected."""
    import re
    from datetime import UTC, datetime, timedelta

    if found := re.fullmatch(r"(\d{1,5})([mhd])", text):
        return now - timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = now.replace(tzinfo=None)
    if at.tzinfo is None or at > now:
        raise ValueError(f"--since {text}: expected 12h, 90m, 7d or a past moment like 2026-12-04T18:00:00Z")
    return at.astimezone(UTC)
