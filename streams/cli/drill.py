"""`tocsin drill`: how soon an attack on a site is noticed."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streams.local.outcome import Outcome


def command(
    site: Annotated[str, typer.Argument(help="The site that is drilled.")],
    scenario: Annotated[str, typer.Argument(help="The attack: `tocsin simulate --list` names them.")],
    page: Annotated[
        bool, typer.Option("--page", help="Page people as an attack would, saying that it is a drill.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=28, help="How many days the shadow has lived before.")] = 7,
    whole: Annotated[bool, typer.Option("--whole", help="Play it to its end, not only until it is noticed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the outcome as JSON, the story to stderr.")] = False,
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
) -> None:
    """Play a marked, made-up attack through the live path, in real time, and report how soon it is noticed.

    It happens to a shadow: a simulated site with the site's policy and a past of its own, whose name begins with
    DRILL-. Telemetry goes through Kafka and the running worker like any other; the real site, its learnt state and
    other sites never hear of it, its actuator does nothing, and nobody is paged unless asked. At the end, and on
    Ctrl-C, the shadow is taken away; one that is left behind is forgotten after an hour. Exit code 1: not noticed.
    """
    import msgspec

    from streams.local.drill import Drill, DrillError
    from streams.process import going
    from streams.settings import Settings, SettingsError

    try:
        settings = Settings.from_env(given={"TOCSIN_BROKERS": brokers})
    except SettingsError as error:
        typer.echo(f"tocsin drill: {error}", err=True)
        raise typer.Exit(2) from error
    on = going()
    drill = Drill(
        settings,
        site,
        scenario,
        days=days,
        paging=page,
        whole=whole,
        say=lambda line: typer.echo(line, err=as_json),
        going=on,
    )
    try:
        outcome = drill.run()
    except DrillError as error:
        typer.echo(f"tocsin drill: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(msgspec.json.encode(outcome).decode() if as_json else told(outcome))
    if not outcome.finished:
        raise typer.Exit(130)
    raise typer.Exit(0 if outcome.noticed else 1)


def told(outcome: "Outcome") -> str:
    """Put a drill's outcome in words."""
    from streams.report.words import table

    def span(seconds: float | None) -> str:
        return "–" if seconds is None else f"{seconds:.1f} s"

    figures = [
        ["first finding", span(outcome.first_finding_s)],
        ["warning", span(outcome.warned_s)],
        ["page" if outcome.expected == "page" else "page (not asked for)", span(outcome.paged_s)],
        ["commands", ", ".join(outcome.commands) or "–"],
    ]
    stages = [
        [
            stage.name,
            stage.domain,
            span(stage.delay_s) if stage.delay_s is not None or stage.reached else "not reached",
            stage.detector or ("missed" if stage.reached else ""),
        ]
        for stage in outcome.stages
    ]
    verdict = "noticed" if outcome.noticed else "NOT noticed" if outcome.finished else "broken off"
    return "\n\n".join(
        [
            f"# Drill at {outcome.site}: {outcome.scenario}, {verdict}",
            table(["after the first sign", ""], figures),
            table(["stage", "domain", "first finding after", "by"], stages),
        ]
    )
