"""What the demo shows: the platform at work, the incident as it grows, the page as it arrives."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.incidents.model import Incident
from streams.local.demo import Demo, clock

SHOWN = 12
"""Lines of a timeline on the live screen."""
COLOURS = {"info": "cyan", "warning": "yellow", "critical": "bold red"}


def live(demo: Demo, rate: float) -> RenderableType:
    """Draw the screen while the demo runs; `rate` is records a second."""
    tail = demo.tail
    facts = Table.grid(padding=(0, 3))
    facts.add_row(
        Text(demo.stage, style="bold"),
        clock(demo.progress.clock),
        f"{len(demo.world.sites)} sites",
        f"{demo.progress.records:,} records",
        f"{rate:,.0f}/s",
        f"{tail.findings if tail else 0} findings",
        f"{tail.refused if tail else 0} dead letters",
    )
    parts: list[RenderableType] = [Panel(facts, title="Tocsin", title_align="left")]
    if tail and tail.recent:
        rows = [f"{f.time:%H:%M:%S}  {f.site:<14} {f.score:4.2f}  {f.summary}" for f in tail.recent]
        parts.append(Panel(Text("\n".join(rows), no_wrap=True), title="findings", title_align="left"))
    for incident in demo.incidents[:2]:
        parts.append(picture(incident, SHOWN))
    parts += [received(page.site, page.summary) for page in demo.pages[:3]]
    return Group(*parts)


def picture(incident: Incident, most: int) -> Panel:
    """Draw an incident with the last lines of its timeline."""
    table = Table.grid(padding=(0, 2))
    for step in incident.timeline[-most:]:
        table.add_row(f"{step.time:%H:%M:%S}", step.domain, step.device, Text(step.summary))
    colour = COLOURS[incident.severity]
    title = f"{incident.site}  {incident.severity}, risk {incident.risk:.2f}, revision {incident.revision}"
    return Panel(table, title=Text(title, style=colour), title_align="left", border_style=colour)


def received(site: str, summary: str) -> Panel:
    """Draw a page as the webhook received it."""
    title = f"PAGE for {site}, received by webhook"
    return Panel(Text(summary), title=title, title_align="left", border_style="bold red")


def verdict(demo: Demo) -> RenderableType:
    """Draw the end: what happened, how quickly it was seen, what to do and to open next."""
    parts: list[RenderableType] = [picture(incident, 100) for incident in demo.incidents if incident.pages]
    label, tail = demo.label, demo.tail
    first = tail and next((one for one in tail.first_paged.values() if one.site == demo.site), None)
    if label and first:
        stages = sorted(label.stages)
        second = next(stage for stage in stages if stage.domain != stages[0].domain)
        loaded = next(stage for stage in stages if stage.domain == "shipment")
        at = first.updated.timestamp()
        side = "before" if at < loaded.time else "after"
        parts.append(
            Text(
                f"{demo.site} was paged for at {first.updated:%H:%M:%S} UTC, {_span(at - stages[0].time)} after the "
                f"first sign ({stages[0].name}) and {_span(at - second.time)} after the second domain's "
                f"({second.name}); {_span(abs(loaded.time - at))} {side} the first lorry was loaded."
            )
        )
        advice = ", ".join(sorted({step.domain for one in demo.incidents if one.pages for step in one.timeline}))
        parts.append(
            Text(
                "What to do: call the site and the police, send nobody in alone; hold every shipment and lock the "
                f"docks (advised on the topic `commands`). Touched so far: {advice}."
            )
        )
    parts.append(_next(demo))
    return Group(*parts)


def _next(demo: Demo) -> Text:
    if demo.paged:
        return Text(
            "Next: `tocsin broker`, `tocsin worker`, `tocsin console`: the same by hand, and to be judged; "
            "README.md says how to publish your own."
        )
    return Text(
        "Prometheus and Alertmanager are not installed, so the page was read from the topic `incidents`; "
        "with them (`apt install prometheus prometheus-alertmanager`) you see it arrive at a webhook."
    )


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
