"""The kinds of panel: plain functions that answer Grafana's JSON.

Not on `grafana-foundation-sdk`: it is generated anew for each Grafana from 10.1 on and has no edition for 9.4, its
editions can't be bounded (the newest by number is made for the oldest Grafana), and what it would type here are these
few functions. What they write was looked at in a Grafana 9.4.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dashboards.colours import PLAIN, UNKNOWN, Json, hued

SOURCE: Json = {"type": "prometheus", "uid": "tocsin-prometheus"}
OWN: Json = {"type": "grafana", "uid": "-- Grafana --"}


class Query(NamedTuple):
    """A PromQL expression and how its series are called.

    `instant` asks for the latest value only, `step` for one value in so much time at most, such as `5m`.
    """

    expr: str
    legend: str = "__auto"
    instant: bool = False
    step: str = ""


def targets(queries: Sequence[Query], *, table: bool = False) -> list[Json]:
    """Ask Prometheus for these, as series or as a table."""
    return [
        {
            "refId": chr(ord("A") + number),
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": query.expr,
            "legendFormat": query.legend,
            "instant": query.instant,
            "range": not query.instant,
            "format": "table" if table else "time_series",
            **({"interval": query.step} if query.step else {}),
        }
        for number, query in enumerate(queries)
    ]


def panel(kind: str, title: str, description: str, size: tuple[int, int], unit: str, **more: Any) -> Json:
    """Make a panel of a kind; `more` are its targets, options and whatever the kind has of its own."""
    defaults = {"unit": unit, "thresholds": more.pop("thresholds", PLAIN), "mappings": more.pop("mappings", [])}
    defaults |= more.pop("defaults", {})
    overrides = hued(more.pop("hues", {}))
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": {"w": size[0], "h": size[1], "x": 0, "y": 0},
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        **more,
    }


def _whole(unit: str) -> Json:
    """Ask for counts and percentages without decimals."""
    return {} if unit == "s" else {"decimals": 0}


def stat(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    thresholds: Json = PLAIN,
    width: int = 4,
    height: int = 4,
    mappings: Sequence[Json] = (),
) -> Json:
    """Show one number, coloured by its thresholds; grey where nobody tells it."""
    return panel(
        "stat",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        mappings=[*mappings, UNKNOWN],
        defaults=_whole(unit),
        targets=targets([query]),
        options={
            "colorMode": "background" if len(thresholds["steps"]) > 1 else "value",
            "graphMode": "area",
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": "auto",
        },
    )


def graph(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    thresholds: Json = PLAIN,
    width: int = 12,
    height: int = 8,
    style: str = "line",
    stacked: bool = False,
    graded: bool = False,
    most: float | None = None,
    hues: Mapping[str, str] | None = None,
    listed: bool = False,
) -> Json:
    """Draw lines over time; thresholds beyond the first colour are drawn as lines.

    `style` is `line`, or `bars` for what happens now and then; `graded` colours one line by its thresholds, `hues`
    many by their names; `listed` names many series at the right, the highest first.
    """
    areas = stacked or style == "bars"  # without an outline: that of a zero would lie on what is below it
    custom = {
        "drawStyle": style,
        "lineWidth": 0 if areas else 2,
        "fillOpacity": 70 if areas else 0,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if len(thresholds["steps"]) > 1 else "off"},
        "gradientMode": "scheme" if graded else "none",
    }
    limits = {"min": 0} | ({} if most is None else {"max": most})
    colour = {"color": {"mode": "thresholds"}} if graded else {}
    legend: Json = {"displayMode": "list", "placement": "bottom", "calcs": [], "showLegend": True}
    if listed:
        legend |= {"displayMode": "table", "placement": "right", "calcs": ["max"], "sortBy": "Max", "sortDesc": True}
    return panel(
        "timeseries",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"custom": custom, **limits, **colour},
        hues=hues or {},
        targets=targets(queries),
        options={"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}},
    )


def bars(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    thresholds: Json = PLAIN,
    width: int = 12,
    height: int = 8,
    most: float | None = None,
    links: Sequence[Json] = (),
) -> Json:
    """Draw one horizontal bar a series, as it is now."""
    limits = {"min": 0} | ({} if most is None else {"max": most})
    return panel(
        "bargauge",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        mappings=[UNKNOWN],
        defaults={"links": list(links), **limits, **_whole(unit)},
        targets=targets([query._replace(instant=True)]),
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "showUnfilled": True,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )


def happenings(title: str, description: str, tags: Sequence[str], *, width: int = 12, height: int = 10) -> Json:
    """List what was annotated under all these tags; the tags themselves would take half of the panel."""
    listed = panel("annolist", title, description, (width, height), "short")
    listed["datasource"] = OWN
    listed["options"] = {
        "limit": 50,
        "tags": list(tags),
        "onlyFromThisDashboard": False,
        "onlyInTimeRange": False,
        "showTags": False,
        "showTime": True,
        "showUser": False,
        "navigateToPanel": False,
        "navigateBefore": "1h",
        "navigateAfter": "1h",
    }
    return listed


def text(title: str, description: str, markdown: str, *, width: int = 24, height: int = 3) -> Json:
    """Show words, in Markdown."""
    words = panel("text", title, description, (width, height), "short")
    words["options"] = {"mode": "markdown", "content": markdown}
    return words
