"""The kinds of panel: plain functions that answer Grafana's JSON.

Not on `grafana-foundation-sdk`: it is generated anew for each Grafana from 10.1 on and has no edition for 9.4, its
editions can't be bounded (the newest by number is made for the oldest Grafana), and what it would type here are these
few functions. What they write was provisioned into a Grafana of that time.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]

SOURCE: Json = {"type": "prometheus", "uid": "tocsin-prometheus"}
OWN: Json = {"type": "grafana", "uid": "-- Grafana --"}

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"


class Query(NamedTuple):
    """A PromQL expression and how its series are called; `instant` asks for the latest value only."""

    expr: str
    legend: str = "__auto"
    instant: bool = False


def steps(*limits: tuple[float, str], base: str = GREEN) -> Json:
    """Choose colours from a value upwards, after a base colour."""
    given = [{"color": color, "value": value} for value, color in limits]
    return {"mode": "absolute", "steps": [{"color": base, "value": None}, *given]}


PLAIN = steps(base=BLUE)


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
        }
        for number, query in enumerate(queries)
    ]


def panel(kind: str, title: str, description: str, size: tuple[int, int], unit: str, **more: Any) -> Json:
    """Make a panel of a kind; `more` are its targets, options and whatever the kind has of its own."""
    defaults = {"unit": unit, "thresholds": more.pop("thresholds", PLAIN), "mappings": more.pop("mappings", [])}
    defaults |= more.pop("defaults", {})
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": {"w": size[0], "h": size[1], "x": 0, "y": 0},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        **more,
    }


def stat(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    thresholds: Json = PLAIN,
    width: int = 4,
    height: int = 4,
    mappings: list[Json] | None = None,
    links: list[Json] | None = None,
) -> Json:
    """Show one number, coloured by its thresholds."""
    return panel(
        "stat",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        mappings=mappings or [],
        defaults={"links": links or [], "noValue": "0"},
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
    stacked: bool = False,
    most: float | None = None,
) -> Json:
    """Draw lines over time; thresholds beyond the first colour are drawn as lines."""
    custom = {
        "drawStyle": "line",
        "lineWidth": 2,
        "fillOpacity": 25 if stacked else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if len(thresholds["steps"]) > 1 else "off"},
    }
    return panel(
        "timeseries",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"custom": custom, "min": 0} | ({} if most is None else {"max": most}),
        targets=targets(queries),
        options={
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "calcs": ["lastNotNull", "max"],
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
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
    links: list[Json] | None = None,
) -> Json:
    """Draw one horizontal bar a series, as it is now."""
    return panel(
        "bargauge",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"min": 0, "links": links or []} | ({} if most is None else {"max": most}),
        targets=targets([query._replace(instant=True)]),
        options={
            "displayMode": "gradient",
            "orientation": "horizontal",
            "showUnfilled": True,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )


def happenings(title: str, description: str, tags: Sequence[str], *, width: int = 12, height: int = 10) -> Json:
    """List what was annotated under all these tags."""
    listed = panel("annolist", title, description, (width, height), "short")
    listed["datasource"] = OWN
    listed["options"] = {
        "limit": 50,
        "tags": list(tags),
        "onlyFromThisDashboard": False,
        "onlyInTimeRange": False,
        "showTags": True,
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
