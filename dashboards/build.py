"""Small parts of which dashboards are built: plain functions that answer Grafana's JSON.

The schema is that of Grafana 9.3, which every later one migrates when it loads it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]

SCHEMA = 37
SOURCE: Json = {"type": "prometheus", "uid": "tocsin-prometheus"}
OWN: Json = {"type": "grafana", "uid": "-- Grafana --"}
WIDTH = 24

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"


class Query(NamedTuple):
    """A PromQL expression and how its series are called; `instant` asks for the latest value only."""

    expr: str
    legend: str = "__auto"
    instant: bool = False


def steps(*limits: tuple[float, str], base: str = GREEN) -> Json:
    """Colours from a value upwards, after a base colour."""
    given = [{"color": color, "value": value} for value, color in limits]
    return {"mode": "absolute", "steps": [{"color": base, "value": None}, *given]}


PLAIN = steps(base=BLUE)


def _targets(queries: Sequence[Query], *, table: bool = False) -> list[Json]:
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


def _panel(kind: str, title: str, description: str, size: tuple[int, int], unit: str, **more: Any) -> Json:
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
    """One number, coloured by its thresholds."""
    return _panel(
        "stat",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        mappings=mappings or [],
        defaults={"links": links or [], "noValue": "0"},
        targets=_targets([query]),
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
    """Lines over time; thresholds beyond the first colour are drawn as lines."""
    custom = {
        "drawStyle": "line",
        "lineWidth": 2,
        "fillOpacity": 25 if stacked else 8,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if len(thresholds["steps"]) > 1 else "off"},
    }
    return _panel(
        "timeseries",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"custom": custom, "min": 0} | ({} if most is None else {"max": most}),
        targets=_targets(queries),
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
    """One horizontal bar a series, as it is now."""
    return _panel(
        "bargauge",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"min": 0, "links": links or []} | ({} if most is None else {"max": most}),
        targets=_targets([query._replace(instant=True)]),
        options={
            "displayMode": "gradient",
            "orientation": "horizontal",
            "showUnfilled": True,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )


def happenings(title: str, description: str, tags: Sequence[str], *, width: int = 12, height: int = 10) -> Json:
    """The list of what was annotated under all these tags."""
    panel = _panel("annolist", title, description, (width, height), "short")
    panel["datasource"] = OWN
    panel["options"] = {
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
    return panel


def text(title: str, description: str, markdown: str, *, width: int = 24, height: int = 3) -> Json:
    """Words, in Markdown."""
    panel = _panel("text", title, description, (width, height), "short")
    panel["options"] = {"mode": "markdown", "content": markdown}
    return panel


def variable(name: str, label: str, expr: str, *, multi: bool = False) -> Json:
    """A choice that Prometheus fills, e.g. `label_values(metric, label)`."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": expr, "refId": "StandardVariableQuery"},
        "definition": expr,
        "refresh": 2,
        "sort": 1,
        "multi": multi,
        "includeAll": multi,
        "allValue": ".*" if multi else None,
        "current": {"text": ["All"], "value": ["$__all"]} if multi else {},
        "hide": 0,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
    }


def textbox(name: str, label: str) -> Json:
    """A choice that is typed, or set by a link."""
    return {
        "type": "textbox",
        "name": name,
        "label": label,
        "query": "",
        "current": {"text": "", "value": ""},
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    }


def link(title: str, url: str) -> Json:
    """A link of a panel's values."""
    return {"title": title, "url": url, "targetBlank": False}


def annotations(*tags: str) -> Json:
    """What is written into Grafana under all these tags, drawn across every graph."""
    return {
        "name": "Incidents",
        "datasource": OWN,
        "enable": True,
        "hide": False,
        "iconColor": RED,
        "target": {"limit": 100, "matchAny": False, "tags": list(tags), "type": "tags"},
    }


def dashboard(
    uid: str,
    title: str,
    description: str,
    panels: Sequence[Json],
    *,
    variables: Sequence[Json] = (),
    marked: Sequence[str] = ("tocsin",),
    since: str = "now-6h",
) -> Json:
    """Put panels into rows from left to right in their order, and link to the other dashboards."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["tocsin"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(variables)},
        "annotations": {"list": [annotations(*marked)]},
        "links": [_others()],
        "panels": _placed(panels),
    }


def _others() -> Json:
    return {
        "type": "dashboards",
        "title": "Tocsin",
        "tags": ["tocsin"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _placed(panels: Sequence[Json]) -> list[Json]:
    placed: list[Json] = []
    x = y = row = 0
    for number, panel in enumerate(panels, start=1):
        size = panel["gridPos"]
        if x + size["w"] > WIDTH:
            x, y, row = 0, y + row, 0
        placed.append({**panel, "id": number, "gridPos": {**size, "x": x, "y": y}})
        x, row = x + size["w"], max(row, size["h"])
    return placed
